"""Telling dead workers from living ones, by how long they were silent while somebody listened."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from st2lite.models.execution import Worker


class Silence:
    """Measures for how long each worker has not renewed its lease.

    Clocks of other hosts do not count, and neither does time in which nobody listened: between two looks at most half
    a lease passes. After an outage of the store, or of this process, living workers thus have time to be heard again.
    `clock` gives seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked = clock()
        self._heard: dict[str, tuple[int, float]] = {}

    def look(self, workers: Sequence[Worker]) -> list[Worker]:
        """Return those of all workers that were silent for a whole lease, or gave up theirs (`expires` is 0)."""
        now = self._clock()
        passed, self._looked = now - self._looked, now
        heard = {}
        for worker in workers:
            rev, silent = self._heard.get(worker.id, (None, 0.0))
            heard[worker.id] = worker.rev, silent + min(passed, worker.lease / 2) if rev == worker.rev else 0.0
        self._heard = heard
        return [worker for worker in workers if not worker.expires or heard[worker.id][1] >= worker.lease]

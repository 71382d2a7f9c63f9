"""What a worker has in hand: the executions that it claims or runs, and for how many more it has threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from st2lite.executions.protocol import Cancellation


class Holdings:
    """The executions that a worker holds, and the jobs it has not done with. Safe to use from many threads.

    Only who put an execution in takes it out: messages can come twice. Never may more jobs begin without a message than
    there are `slots`.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._lock = threading.Lock()
        self._held: dict[str, Cancellation] = {}
        self._sent_again: set[str] = set()
        self._jobs = 0

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[tuple[str, Cancellation]]:
        """Each execution that is held now, by its id, and what cancels it."""
        return iter(list(self._held.items()))

    def get(self, identifier: str) -> Cancellation | None:
        """What cancels an execution; None if it is not held."""
        return self._held.get(identifier)

    def add_job(self) -> None:
        """Count a job that came."""
        with self._lock:
            self._jobs += 1

    def job_done(self) -> None:
        """Count a job no more."""
        with self._lock:
            self._jobs -= 1

    def hold(self, identifier: str) -> Cancellation | None:
        """Hold an execution whose message came; None if it is held already, which is remembered then."""
        with self._lock:
            if identifier in self._held:
                self._sent_again.add(identifier)
                return None
            return self._put(identifier)

    def hold_if_room(self, identifier: str, leaving: bool = False) -> Cancellation | None:
        """Hold an execution that came without a message and count its job; None if it is held or all slots are busy.

        One of those slots will be free at once if whoever asks is `leaving` it.
        """
        with self._lock:
            if self._jobs - leaving >= self._slots or identifier in self._held:
                return None
            self._jobs += 1
            return self._put(identifier)

    def let_go(self, identifier: str) -> bool:
        """Hold an execution no more; tell whether its message came meanwhile."""
        with self._lock:
            del self._held[identifier]
            return self._forget_message(identifier)

    def let_go_unless_sent_again(self, identifier: str) -> bool:
        """Hold an execution no more, unless its message came meanwhile, which is forgotten then; tell whether it is."""
        with self._lock:
            if self._forget_message(identifier):
                return False
            del self._held[identifier]
            return True

    def _put(self, identifier: str) -> Cancellation:
        cancellation = self._held[identifier] = Cancellation()
        return cancellation

    def _forget_message(self, identifier: str) -> bool:
        came = identifier in self._sent_again
        self._sent_again.discard(identifier)
        return came

"""The executions room seen from outside: everything `http/` may ask for, on one object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from st2lite.executions import queries
from st2lite.executions.control import CheckTasks, Control
from st2lite.executions.requests import LoadConfig, Requests
from st2lite.executions.snapshots import Snapshots
from st2lite.messaging.contract import Bus
from st2lite.models.execution import Execution, OutputChunk
from st2lite.rendering.crypto import KeyRing
from st2lite.storage.contract import Filter, Order, Store, UpTo


class ExecutionService:
    """Requests, finds and controls executions.

    `request`, `cancel`, `pause`, `resume`, `update`, `re_run` and `delete` are those of `Requests` and `Control`;
    `check_tasks` is what `Control` takes.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        snapshots: Snapshots,
        keyring: KeyRing | None,
        load_config: LoadConfig,
        check_tasks: CheckTasks | None = None,
    ) -> None:
        self._store = store
        requests = Requests(store, bus, snapshots, keyring, load_config)
        control = Control(store, bus, requests, check_tasks)
        self.request = requests.request
        self.cancel = control.cancel
        self.pause = control.pause
        self.resume = control.resume
        self.update = control.update
        self.re_run = control.re_run
        self.delete = control.delete

    def get(self, identifier: str) -> Execution:
        """Return one execution by id, or the newest one (`last`); raise `NotFound`."""
        return queries.get_execution(self._store, identifier)

    def find(
        self,
        filters: Sequence[Filter] = (),
        order: Sequence[Order] = queries.NEWEST_FIRST,
        limit: int | None = None,
        offset: int = 0,
        large: bool | UpTo = True,
    ) -> list[Execution]:
        """Return matching executions; without `large` their results stay empty."""
        return self._store.find(Execution, filters, order, limit, offset, large)

    def with_result(self, execution: Execution) -> Execution:
        """Return an execution that was found without its result, with it."""
        return queries.with_result(self._store, execution)

    def with_results(self, executions: Sequence[Execution]) -> list[Execution]:
        """Return executions that were found without their results, with them."""
        return queries.with_results(self._store, executions)

    def count(self, filters: Sequence[Filter] = ()) -> int:
        """Count matching executions."""
        return self._store.count(Execution, filters)

    def distinct(self, field: str) -> list[Any]:
        """Return the different values of a field that executions can be filtered by."""
        return self._store.distinct(Execution, field)

    def children(self, execution: Execution, depth: int = -1, by_start: bool = False) -> list[Execution]:
        """Return the descendants of an execution; their results stay empty."""
        return queries.children_of(self._store, execution, depth, by_start)

    def children_ids(self, executions: Iterable[Execution]) -> dict[str, list[str]]:
        """Map the id of each execution that has children to their ids."""
        return queries.children_ids(self._store, executions)

    def output(self, execution: Execution, output_type: str | None = None) -> list[OutputChunk]:
        """Return the output of an execution so far."""
        return queries.output_of(self._store, execution, output_type)

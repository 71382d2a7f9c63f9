"""Removing executions and what belongs to them, in batches small enough that nobody waits for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from st2lite.executions.queries import by_parents
from st2lite.models import statuses
from st2lite.models.document import Document
from st2lite.models.execution import Execution, OutputChunk
from st2lite.storage.contract import Equal, Filter, In, Order, Range, Store
from st2lite.storage.lookups import by_ids

INCOMPLETE = tuple(status for status in statuses.ALL if status not in statuses.COMPLETED)
_IDS = 100
"""Most ids in one filter."""

Rest = Callable[[], bool]
"""Waits a little between two batches; True: somebody wants this to end."""


class Purge:
    """Removes documents, at most `batch` at a time, with a `rest` after each batch. May be broken off at any point."""

    def __init__(self, store: Store, batch: int = 500, rest: Rest = lambda: False) -> None:
        self._store = store
        self._batch = max(batch, 2)
        self._rest = rest

    def documents(self, kind: type[Document], filters: Sequence[Filter]) -> int:
        """Remove all documents that match; return how many."""
        count = 0
        while True:
            removed = self._store.delete_many(kind, filters, self._batch)
            count += removed
            if removed < self._batch or self._rest():
                return count

    def executions(self, before: str, action: str | None = None, incomplete: bool = False, dry: bool = False) -> int:
        """Remove executions that ended before this time, with their children and output; return how many.

        Children go with their parent, however old they are, and only when all of the family has completed; those whose
        parent is gone go like parents. With `action` only executions of that action count, whoever their parent is.
        With `incomplete` executions count by their start, and unfinished ones go, too. With `dry` nothing is removed.
        """
        field = "start_timestamp" if incomplete else "end_timestamp"
        filters = (Range(field, lt=before), *(() if action is None else (Equal("action", action),)))
        count = 0
        staying: set[str] = set()
        counted: set[str] = set()
        while True:
            found = self._store.find(Execution, filters, (Order(field),), self._batch, len(staying), large=False)
            staying.update(execution.id for execution in found)
            for level in reversed(self._families(found, action, incomplete)):
                doomed = {execution.id for execution in level}
                count += len(doomed - counted)
                if dry:
                    counted |= doomed
                    continue
                staying -= doomed
                # A parent goes last: its children are found through it.
                if not self._remove(sorted(doomed)):
                    return count
            if len(found) < self._batch or self._rest():
                return count

    def outputs(self, before: str) -> int:
        """Remove output older than this of executions that have completed, or are gone; return how many pieces."""
        old = Range("timestamp", lt=before)
        holders = [str(holder) for holder in self._store.distinct(OutputChunk, "execution_id", (old,))]
        count = 0
        for start in range(0, len(holders), _IDS):
            chunk = tuple(holders[start : start + _IDS])
            running = self._store.find(Execution, (In("id", chunk), In("status", INCOMPLETE)), large=False)
            done = set(chunk).difference(execution.id for execution in running)
            count += self.documents(OutputChunk, (In("execution_id", tuple(done)), old))
            if self._rest():
                break
        return count

    def _families(self, found: Sequence[Execution], action: str | None, incomplete: bool) -> list[list[Execution]]:
        """The executions that may go, by generation."""
        parents = {execution.parent for execution in found if execution.parent} if action is None else ()
        present = by_ids(self._store, Execution, parents)
        family = {execution.id: execution.id for execution in found if execution.parent not in present}
        levels = [[execution for execution in found if execution.id in family]]
        while levels[-1]:
            children = [
                child
                for child in by_parents(self._store, [execution.id for execution in levels[-1]])
                if child.id not in family
            ]
            family.update({child.id: family[child.parent or ""] for child in children})
            levels.append(children)
        if incomplete:
            return levels
        spared = {family[execution.id] for level in levels for execution in level if execution.status in INCOMPLETE}
        return [[execution for execution in level if family[execution.id] not in spared] for level in levels]

    def _remove(self, identifiers: Sequence[str]) -> bool:
        """Remove executions and their output; False: it was broken off."""
        for start in range(0, len(identifiers), _IDS):
            chunk = tuple(identifiers[start : start + _IDS])
            self.documents(OutputChunk, (In("execution_id", chunk),))
            self._store.delete_many(Execution, (In("id", chunk),), _IDS)
            if self._rest():
                return False
        return True

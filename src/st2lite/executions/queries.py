"""Finding executions, their children and their output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from st2lite.models.errors import NotFound
from st2lite.models.execution import Execution, OutputChunk
from st2lite.models.ids import is_id
from st2lite.storage.contract import Equal, Filter, Order, Store
from st2lite.storage.lookups import find_in

NEWEST_FIRST = (Order("start_timestamp", descending=True),)
_inline_output = msgspec.json.Decoder(list[OutputChunk])


def get_execution(store: Store, identifier: str) -> Execution:
    """Return one execution; `last` is the newest one. Raise `NotFound`."""
    execution = None
    if identifier == "last":
        newest = store.find(Execution, order=NEWEST_FIRST, limit=1)
        execution = newest[0] if newest else None
    elif is_id(identifier):
        execution = store.get(Execution, identifier)
    if execution is None:
        raise NotFound(f'Unable to identify resource with id "{identifier}".')
    return execution


def children_of(store: Store, execution: Execution, depth: int = -1, by_start: bool = False) -> list[Execution]:
    """Return the descendants of an execution down to `depth` levels (-1: all), depth first or by start time.

    They lack their results (see `with_results`).
    """
    levels: dict[str, list[Execution]] = {}
    parents = [execution.id]
    level = 0
    while parents and (depth < 0 or level < depth):
        found = by_parents(store, parents)
        for child in found:
            levels.setdefault(child.parent or "", []).append(child)
        parents = [child.id for child in found if child.id not in levels]
        level += 1
    result: list[Execution] = []
    stack = list(reversed(levels.get(execution.id, [])))
    while stack:
        child = stack.pop()
        result.append(child)
        stack.extend(reversed(levels.get(child.id, [])))
    if by_start:
        result.sort(key=lambda child: (child.start_timestamp, child.id))
    return result


def children_ids(store: Store, executions: Iterable[Execution]) -> dict[str, list[str]]:
    """Map the id of each execution that has children to their ids, oldest first."""
    children: dict[str, list[str]] = {}
    for child in by_parents(store, [execution.id for execution in executions]):
        children.setdefault(child.parent or "", []).append(child.id)
    return children


def output_of(store: Store, execution: Execution, output_type: str | None = None) -> list[OutputChunk]:
    """Return all output of an execution so far, oldest first; of one type only if `output_type` is given."""
    filters: list[Filter] = [Equal("execution_id", execution.id)]
    if output_type:
        filters.append(Equal("output_type", output_type))
    chunks = store.find(OutputChunk, filters, (Order("timestamp"),))
    if execution.output:
        inline = _inline_output.decode(execution.output)
        chunks.extend(chunk for chunk in inline if output_type in (None, "", chunk.output_type))
    return chunks


def by_parents(store: Store, parents: Sequence[str]) -> list[Execution]:
    """Return the children of several executions without their results, those of each one oldest first."""
    return find_in(store, Execution, "parent", parents, (Order("start_timestamp"),), large=False)


def with_results(store: Store, executions: Sequence[Execution]) -> list[Execution]:
    """Return executions that were read without their results, with them."""
    without = [execution.id for execution in executions if execution.result_size and not execution.result]
    found = {execution.id: execution for execution in find_in(store, Execution, "id", without, large=True)}
    return [found.get(execution.id, execution) for execution in executions]


def with_result(store: Store, execution: Execution) -> Execution:
    """Return the execution with its result, which a list may lack, and a message carries only when it is small."""
    if not execution.result_size or execution.result:
        return execution
    return store.get(Execution, execution.id) or execution

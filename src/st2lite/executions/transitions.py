"""Changing the status of an execution: the one place that keeps log, timestamps and result together."""

from __future__ import annotations

from typing import Any

import msgspec

from st2lite.models import timestamps
from st2lite.models.errors import InvalidInput
from st2lite.models.execution import NO_RESULT, RESULT_LIMIT, Execution, LogEntry
from st2lite.models.statuses import COMPLETED, DELAYED, REQUESTED, check_transition

_encoder = msgspec.json.Encoder(enc_hook=str)


def change_status(execution: Execution, *statuses: str) -> None:
    """Lead an execution through `statuses`; raise `IllegalTransition` (and change nothing) if one is not allowed."""
    current = execution.status
    for status in statuses:
        check_transition(current, status)
        current = status
    moment = timestamps.now()
    execution.log = [*execution.log, *(LogEntry(moment, status) for status in statuses)]
    execution.status = current
    if current in COMPLETED:
        execution.end_timestamp = moment
        execution.worker = None
        execution.due = None


def put_back(execution: Execution) -> None:
    """Undo a claim under which nothing has run yet. Outside the table: nobody else may take a status back."""
    execution.status = DELAYED
    execution.log = [*execution.log, LogEntry(timestamps.now(), DELAYED)]
    execution.worker = None
    execution.runner_info = {}


def set_result(execution: Execution, result: Any) -> None:
    """Encode a result into an execution; raise `InvalidInput` when it is too large to keep.

    Values that JSON does not know are written as text; text that is not valid Unicode is repaired.
    """
    if result is None:
        execution.result, execution.result_size = NO_RESULT, 0
        return
    encoded = encode_result(result)
    if len(encoded) > RESULT_LIMIT:
        raise InvalidInput(f"The result has {len(encoded)} bytes; the most that is kept is {RESULT_LIMIT}.")
    execution.result, execution.result_size = msgspec.Raw(encoded), len(encoded)


def start_over(execution: Execution) -> None:
    """Have a running execution wait for a worker again. Only for one of which nothing has been done."""
    execution.status = REQUESTED
    execution.log = [*execution.log, LogEntry(timestamps.now(), REQUESTED)]
    execution.worker = None


def encode_result(result: Any) -> bytes:
    """JSON of any value a runner may return."""
    try:
        return _encoder.encode(result)
    except (UnicodeEncodeError, msgspec.ValidationError, TypeError, ValueError, OverflowError, RecursionError):
        return _encoder.encode(_plain(result))


def _plain(value: Any, depth: int = 0) -> Any:
    """Rebuild a value out of what JSON can hold."""
    if depth > 100:
        return "..."
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, depth + 1) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _plain(str(value))

"""Entries of tasks in the result of a workflow: those that have ended, and the one that a paused workflow waits at."""

from __future__ import annotations

import msgspec

from st2lite.models import statuses

STOPPED = frozenset({statuses.PENDING, statuses.PAUSED})
"""Statuses of a task that pause the workflow around it."""


class _Entry(msgspec.Struct):
    state: str = ""


_decoder = msgspec.json.Decoder(_Entry)


def ended(entries: list[msgspec.Raw]) -> list[msgspec.Raw]:
    """Leave out the last entry if its task only waits; all others have ended. Raises `msgspec.MsgspecError`."""
    return entries[:-1] if entries and _decoder.decode(entries[-1]).state in STOPPED else entries

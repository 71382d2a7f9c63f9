"""Telling the rest of the suite what happened to an execution.

A lost message delays work or hides a step from a viewer; it never loses an execution, because the document is the truth
and the backup scheduler looks after it. So a broker that is away is logged here and hurts nobody.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable

from st2lite.messaging.contract import Bus
from st2lite.messaging.messages import (
    ChildChanged,
    ExecutionChanged,
    ExecutionControl,
    ExecutionDelayed,
    ExecutionDeleted,
    ExecutionFinished,
    Message,
    WorkRequested,
)
from st2lite.models import statuses
from st2lite.models.errors import BusUnavailable
from st2lite.models.execution import NO_RESULT, Execution

logger = logging.getLogger(__name__)

INLINE_RESULT = 64 * 1024
"""Results up to this many bytes travel with the message; readers fetch larger ones from the store."""

_FELT_BY_PARENT = frozenset({statuses.PENDING, statuses.PAUSED, statuses.RESUMING})
"""Statuses of an unfinished execution that pause its parent, or have it go on."""


def dispatch(bus: Bus, execution: Execution, created: bool = False) -> bool:
    """Hand a requested execution to the workers; with `created` viewers learn of it by the same message.

    False: the broker did not take it.
    """
    return _publish(bus, WorkRequested(_light(execution), created))


def announce_change(bus: Bus, execution: Execution, created: bool = False) -> None:
    """Tell that an unfinished execution was created or changed its status."""
    _publish(bus, ExecutionChanged(_light(execution), created))
    if execution.status in _FELT_BY_PARENT:
        tell_parent(bus, execution)


def announce_delay(bus: Bus, execution: Execution) -> None:
    """Tell that an execution was created and is to begin when it is due."""
    announce_change(bus, execution, created=True)
    if execution.due:
        _publish(bus, ExecutionDelayed(execution.due))


def announce_end(bus: Bus, execution: Execution, tell_engine: Callable[[Execution], bool] = lambda _: False) -> None:
    """Tell that an execution reached its final status, the chain that waits for it last.

    An engine of workflows in this process can be told by `tell_engine`: it needs no message then, if that returns True.
    It may begin the next task before it does, and whoever follows the chain has to see the end of this one first.
    """
    _publish(bus, ExecutionFinished(_light(execution)))
    if not (is_task(execution) and tell_engine(execution)):
        tell_parent(bus, execution)


def tell_parent(bus: Bus, execution: Execution) -> None:
    """Tell the engine of workflows what became of an execution, if it is a task of a chain."""
    if is_task(execution):
        _publish(bus, ChildChanged(_light(execution)))


def is_task(execution: Execution) -> bool:
    """Tell whether an execution is a task of a chain."""
    return bool(execution.parent and execution.context.get("chain"))


def announce_deletion(bus: Bus, execution: Execution) -> None:
    """Tell that an execution was removed."""
    _publish(bus, ExecutionDeleted(_light(execution)))


def control(bus: Bus, execution: Execution, command: str) -> bool:
    """Send `cancel`, `pause` or `resume` to who looks after an execution, its worker or the engine of workflows.

    `continue` has an engine look whether a workflow stands still. False: the broker did not take it.
    """
    return _publish(bus, ExecutionControl(execution.id, command))


def _light(execution: Execution) -> Execution:
    if execution.result_size <= INLINE_RESULT and not execution.output:
        return execution
    light = copy.copy(execution)
    light.output = NO_RESULT
    if light.result_size > INLINE_RESULT:
        light.result = NO_RESULT
    return light


def _publish(bus: Bus, message: Message) -> bool:
    try:
        bus.publish(message)
        return True
    except BusUnavailable as error:
        logger.warning("Not published (%s): %s", type(message).__name__, error.message)
    except Exception:  # a claim or an end is written by now: whatever is wrong with its message must not undo that
        logger.exception("Not published (%s)", type(message).__name__)
    return False

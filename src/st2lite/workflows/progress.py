"""How a chain goes on: a look at its document and at its child's tells what is due, and that is done.

Nothing depends on what a message said. Whoever looks, and however often, writes the same next state by
compare-and-swap, with the identifier of the next child in it, and requests that child under that identifier. So a
message that is lost, comes twice or meets another engine changes nothing, and a crash between any two steps is mended
by looking again.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import time
from collections import OrderedDict

import msgspec

from st2lite.executions import events
from st2lite.executions.output_schema import MESSAGE, violation
from st2lite.executions.snapshots import Snapshots
from st2lite.executions.task_entries import STOPPED
from st2lite.executions.transitions import change_status, encode_result, set_result
from st2lite.messaging.contract import Bus
from st2lite.models import statuses, timestamps
from st2lite.models.action import WORKFLOW_RUNNERS
from st2lite.models.errors import InvalidInput, NotFound, RenderError, StaleWrite
from st2lite.models.execution import Execution
from st2lite.rendering.crypto import KeyRing
from st2lite.storage.contract import Equal, Store, find_one
from st2lite.workflows.chain import Task
from st2lite.workflows.children import ChainBroken, Children, TaskRefused
from st2lite.workflows.definitions import Definitions
from st2lite.workflows.scope import ChainScope, LoadConfig
from st2lite.workflows.state import (
    ACTION_CHAIN,
    ChainResult,
    ChainState,
    TaskEnd,
    end_of,
    keep,
    make_entry,
    result_of,
    result_to_show,
    state_of,
)

logger = logging.getLogger(__name__)

CANCEL_PATIENCE = 5.0
"""Seconds for which a chain that is being canceled waits for a child that may just be on its way into the store."""

_MOST_REMEMBERED = 1000
_LARGEST_REMEMBERED = 64 * 1024
"""Bytes of the result of a chain that is kept in memory between two of its tasks."""

_TASK_FAILED = frozenset({statuses.FAILED, statuses.ABANDONED})


class Progress:
    """Moves chains on. Safe to use from many threads and processes at once, also for the same chain."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        children: Children,
        snapshots: Snapshots,
        keyring: KeyRing | None,
        load_config: LoadConfig,
        definitions: Definitions,
        validate_output: bool = False,
    ) -> None:
        self._store = store
        self._bus = bus
        self._children = children
        self._snapshots = snapshots
        self._keyring = keyring
        self._load_config = load_config
        self._definitions = definitions
        self._validate_output = validate_output
        self._recent: OrderedDict[str, Execution] = OrderedDict()

    def look(self, identifier: str, hint: Execution | None = None) -> None:
        """Do what is due for a chain; `hint` is a child of it as a message showed it."""
        while True:
            parent = self._written_last(identifier, hint) or self._store.get(Execution, identifier)
            if parent is None or parent.runner_name != ACTION_CHAIN or parent.worker is not None:
                return
            try:
                settled = self._step(parent, hint)
            except StaleWrite:
                continue  # whoever was faster may have left something to do
            if settled:
                return

    def begin(self, parent: Execution) -> None:
        """Go on with a chain whose state was just written: there is no child yet."""
        state = _known_state(parent)
        self._remember(parent)
        try:
            if parent.status == statuses.PAUSED:  # told to before it had a state
                self._write_status(parent, state)
            elif parent.status == statuses.RUNNING and (around := self._pausing_around(parent)) is not None:
                parent.context = {**parent.context, "paused_by": around.context.get("paused_by")}
                self._write_status(parent, state, statuses.PAUSING, statuses.PAUSED)
            else:
                self._without_child(parent, state)
        except StaleWrite:
            self.look(parent.id)

    def fail(self, identifier: str, error: str, traceback: str) -> None:
        """End a chain that cannot go on, whatever its state is."""
        while True:
            parent = self._store.get(Execution, identifier)
            if parent is None or parent.runner_name != ACTION_CHAIN or parent.status in statuses.COMPLETED:
                return
            status = statuses.CANCELED if parent.status == statuses.CANCELING else statuses.FAILED
            change_status(parent, status)
            result = result_of(parent)
            result.error, result.traceback = error, traceback
            set_result(parent, result)
            try:
                self._store.replace(parent)
            except StaleWrite:
                continue
            events.announce_end(self._bus, parent)
            return

    def _remember(self, parent: Execution) -> None:
        """Keep a chain as it was just written: the end of its task may come next, and need not read it then."""
        if parent.status == statuses.RUNNING and parent.result_size <= _LARGEST_REMEMBERED:
            self._recent[parent.id] = copy.copy(parent)
            while len(self._recent) > _MOST_REMEMBERED:
                with contextlib.suppress(KeyError):
                    self._recent.popitem(last=False)

    def _written_last(self, identifier: str, hint: Execution | None) -> Execution | None:
        """A chain as it was written here last, if the task that it waits for has ended.

        What follows from that is written by compare-and-swap: should the chain have changed since, it is read then.
        """
        parent = self._recent.pop(identifier, None)
        state = state_of(parent) if parent is not None else None
        ended = hint is not None and state is not None and hint.id == state.child and hint.status in statuses.COMPLETED
        return parent if ended else None

    def _step(self, parent: Execution, hint: Execution | None) -> bool:
        """Do what is due; False if the chain was written by the status of a child that may be another one by now.

        Whoever told of that other status has found nothing to do, if that was before the chain was written.
        """
        state, rev = state_of(parent), parent.rev
        if parent.status in statuses.COMPLETED:
            child = self._store.get(Execution, state.child) if state is not None and hint is None else None
            if child is not None and child.status not in statuses.COMPLETED:
                self._children.cancel(child, parent)
        elif state is None:
            if parent.status == statuses.CANCELING:
                self._write_end(parent, statuses.CANCELED)
        else:
            child = self._child(state, hint)
            if child is None:
                self._without_child(parent, state)
            elif child.status in statuses.COMPLETED:
                self._go_on(parent, state, end_of(child))
            elif parent.status == statuses.CANCELING:
                self._children.cancel(child, parent)
            else:
                with_child = self._with_stopped_child if child.status in STOPPED else self._with_active_child
                with_child(parent, state, child)
                return parent.rev == rev
        return True

    def _child(self, state: ChainState, hint: Execution | None) -> Execution | None:
        """The child that is waited for; what a message says of an end is final, unless its result was left out."""
        awaited = hint is not None and hint.id == state.child and hint.status in statuses.COMPLETED
        if hint is not None and awaited and (hint.result or not hint.result_size):
            return hint
        return self._store.get(Execution, state.child)

    def _without_child(self, parent: Execution, state: ChainState) -> None:
        if parent.status == statuses.CANCELING:
            # Whoever wrote the state may be about to request the child. It then ends the chain; else a later look does.
            if time.time() - timestamps.to_epoch(parent.log[-1].timestamp) > CANCEL_PATIENCE:
                self._write_end(parent, statuses.CANCELED)
        elif parent.status == statuses.RESUMING:
            self._write_status(parent, state, statuses.RUNNING)
            self._request(parent, state)
        elif parent.status in (statuses.RUNNING, statuses.PAUSING):
            # One that pauses was running when the task was chosen, and whoever chose it may be about to request it.
            self._request(parent, state)

    def _pausing_around(self, parent: Execution) -> Execution | None:
        """The chain around this one, if it is pausing: it could not pass that on to what had not begun."""
        if not (parent.parent and parent.context.get("chain")):
            return None
        pausing = (Equal("id", parent.parent), Equal("status", statuses.PAUSING), Equal("runner", ACTION_CHAIN))
        return find_one(self._store, Execution, *pausing)

    def _with_stopped_child(self, parent: Execution, state: ChainState, child: Execution) -> None:
        if parent.status == statuses.RESUMING and child.status == statuses.PAUSED:
            # The child first: with the parent written first a crash would leave what looks like a child that paused it.
            self._children.resume(child, parent)
            self._write_status(parent, state, statuses.RUNNING)
        elif parent.status == statuses.RESUMING:  # a question is not answered by going on
            self._write_status(parent, state, statuses.PAUSING, statuses.PAUSED, waits=True, child=child)
        elif parent.status == statuses.RUNNING:
            within = state_of(child)
            # Whoever pauses a chain within may look into things for a while: those around it wait for a user, too.
            waits = child.status == statuses.PENDING or (within is not None and within.waits)
            self._write_status(parent, state, statuses.PAUSED, waits=waits, child=child)
        elif parent.status == statuses.PAUSING:
            self._write_status(parent, state, statuses.PAUSED, child=child)

    def _with_active_child(self, parent: Execution, state: ChainState, child: Execution) -> None:
        if parent.status == statuses.PAUSING:
            self._children.pause(child, parent)
        elif parent.status == statuses.RESUMING:
            self._write_status(parent, state, statuses.RUNNING)
        elif parent.status == statuses.PAUSED and state.waits:
            self._write_status(parent, state, statuses.RESUMING, statuses.RUNNING)

    def _go_on(self, parent: Execution, state: ChainState, end: TaskEnd) -> None:
        """Record how the current task ended, and request the next one; also when that cannot even be requested."""
        refused: set[str] = set()
        while True:
            if not self._advance(parent, state, end) or parent.status != statuses.RUNNING:
                return
            problem = self._try_request(parent, state)
            if problem is None:
                return
            if state.task in refused:  # on-failure leads in a circle that nothing would ever leave
                self._end_with_error(parent, state, problem)
                return
            refused.add(state.task)
            end = _refusal(problem)

    def _request(self, parent: Execution, state: ChainState) -> None:
        problem = self._try_request(parent, state)
        if problem is not None:
            self._go_on(parent, state, _refusal(problem))

    def _advance(self, parent: Execution, state: ChainState, end: TaskEnd) -> bool:
        """Write the end of a task and which one follows, in one write; tell whether there is a next one."""
        chain, task = self._definitions.get(state.definition), self._task(state)
        result = result_of(parent)
        result.tasks.append(make_entry(task.name, end))
        following = ""
        if parent.status != statuses.CANCELING and end.status != statuses.CANCELED:
            scope = self._scope(parent, state, result)
            try:
                self._publish(scope, task, end, state, result)
                following = self._next_name(scope, task, end)
                if following and chain.task(following) is None:
                    raise RenderError(f'the chain has no task "{following}"; it has {", ".join(chain.names)}')
            except RenderError as error:
                result.error = f'Failed to go on after task "{task.name}". {error.message}'
                return self._finish(parent, state, result, statuses.FAILED)
        if not following:
            return self._finish(parent, state, result, _final_status(parent, end))
        resumes = parent.status == statuses.RESUMING or (parent.status == statuses.PAUSED and state.waits)
        before = parent.status
        state.follow(parent, following)
        if parent.status in (statuses.PAUSING, statuses.PAUSED) and not resumes:
            result.next = following
        if not self._keep(parent, state, result):
            return False
        if parent.status == statuses.PAUSING:
            change_status(parent, statuses.PAUSED)
        elif resumes:
            change_status(parent, *_way_to_running(before))
        self._store.replace(parent)
        self._remember(parent)
        if parent.status != before:
            self._announce(parent)
        return True

    def _publish(self, scope: ChainScope, task: Task, end: TaskEnd, state: ChainState, result: ChainResult) -> None:
        if not task.publish:
            return
        try:
            values = scope.published(task.publish)
        except RenderError:
            if end.status == statuses.SUCCEEDED:
                raise
            logger.info('Task "%s" failed, and what it publishes is not there.', task.name)
            return
        state.published.append((len(result.tasks) - 1, values))
        if state.display_published:
            result.published = {**(result.published or {}), **values}

    @staticmethod
    def _next_name(scope: ChainScope, task: Task, end: TaskEnd) -> str:
        name = task.on_success if end.status == statuses.SUCCEEDED else task.on_failure
        return scope.name(name) if name else ""

    def _try_request(self, parent: Execution, state: ChainState) -> str | None:
        """Request the child that the state names; return why its action refused that, None if all is well."""
        task = self._task(state)
        scope = self._scope(parent, state, result_of(parent))
        try:
            self._children.request(parent, state, task, scope)
        except ChainBroken as error:
            self._end_with_error(parent, state, error.message)
        except TaskRefused as error:
            return error.message
        return None

    def _task(self, state: ChainState) -> Task:
        task = self._definitions.get(state.definition).task(state.task)
        assert task is not None  # noqa: S101 - the state only names tasks of its chain
        return task

    def _scope(self, parent: Execution, state: ChainState, result: ChainResult) -> ChainScope:
        origin = self._snapshots.origin(parent)
        return ChainScope(self._store, self._keyring, self._load_config, parent, origin, state, result)

    def _end_with_error(self, parent: Execution, state: ChainState, text: str) -> None:
        result = result_of(parent)
        result.error = text
        self._finish(parent, state, result, statuses.FAILED)

    def _finish(self, parent: Execution, state: ChainState, result: ChainResult, status: str) -> bool:
        if self._validate_output and status == statuses.SUCCEEDED:
            problem = violation(state.all_published, self._snapshots.origin(parent).action)
            if problem is not None:
                status, result.error, result.message = statuses.FAILED, problem, MESSAGE
        if self._keep(parent, state, result):
            self._write_end(parent, statuses.CANCELED if parent.status == statuses.CANCELING else status)
        return False

    def _keep(self, parent: Execution, state: ChainState, result: ChainResult) -> bool:
        """Put state and result into the document; end the chain, and return False, when they are too large."""
        try:
            parent.workflow, parent.result = keep(state, result)
        except InvalidInput as error:
            kept = result_of(parent)
            kept.error = error.message
            parent.result = msgspec.Raw(encode_result(kept))
            parent.result_size = len(parent.result)
            self._write_end(parent, statuses.CANCELED if parent.status == statuses.CANCELING else statuses.FAILED)
            return False
        parent.result_size = len(parent.result)
        return True

    def _write_end(self, parent: Execution, status: str) -> None:
        change_status(parent, status)
        self._store.replace(parent)
        events.announce_end(self._bus, parent)

    def _write_status(
        self, parent: Execution, state: ChainState, *way: str, waits: bool = False, child: Execution | None = None
    ) -> None:
        change_status(parent, *way)
        state.waits = waits
        parent.workflow = msgspec.to_builtins(state)
        parent.result = result_to_show(parent, state, child)
        parent.result_size = len(parent.result)
        self._store.replace(parent)
        self._announce(parent)

    def _announce(self, parent: Execution) -> None:
        events.announce_change(self._bus, parent)
        if parent.status == statuses.RUNNING:
            events.tell_parent(self._bus, parent)


def is_due(parent: Execution, state: ChainState, child: Execution | None) -> bool:
    """Tell whether a look at a chain would change anything; of children only status and runner are looked at."""
    if parent.status == statuses.PAUSED and not state.waits:
        return child is not None and child.status in statuses.COMPLETED
    if child is None or child.status in statuses.COMPLETED:
        return True
    if parent.status == statuses.PAUSING and child.status == statuses.RUNNING:
        return child.runner_name in WORKFLOW_RUNNERS
    return parent.status == statuses.RESUMING or (child.status in STOPPED) != (parent.status == statuses.PAUSED)


def _known_state(parent: Execution) -> ChainState:
    state = state_of(parent)
    if state is None:
        raise NotFound(f'Execution "{parent.id}" is not a chain that has begun.')
    return state


def _final_status(parent: Execution, end: TaskEnd) -> str:
    if parent.status == statuses.CANCELING:
        return statuses.CANCELED
    return statuses.FAILED if end.status in _TASK_FAILED else end.status


def _way_to_running(status: str) -> tuple[str, ...]:
    return (statuses.RUNNING,) if status == statuses.RESUMING else (statuses.RESUMING, statuses.RUNNING)


def _refusal(problem: str) -> TaskEnd:
    moment = timestamps.now()
    return TaskEnd(statuses.FAILED, moment, moment, msgspec.Raw(encode_result({"error": problem})))

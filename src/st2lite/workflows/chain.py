"""Chain files: the tasks of an action chain, and which of them follows which."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from st2lite.executions.requests import check_notify
from st2lite.models.errors import InvalidInput
from st2lite.rendering.environment import is_template

_CHAIN_KEYS = ("chain", "default", "vars")
_TASK_KEYS = ("name", "ref", "description", "parameters", "params", "on-success", "on-failure", "publish", "notify")

logger = logging.getLogger(__name__)


class Task(msgspec.Struct, frozen=True, omit_defaults=True):
    """One task. `on_success` and `on_failure` name the next one (they may be templates); "" ends the chain."""

    name: str
    ref: str
    parameters: dict[str, Any] = {}
    on_success: str = ""
    on_failure: str = ""
    publish: dict[str, Any] = {}
    notify: dict[str, Any] = {}


class Chain(msgspec.Struct, frozen=True):
    """A chain that was checked; `first` is the name of the task that begins it."""

    tasks: list[Task]
    first: str
    vars: dict[str, Any] = {}

    @property
    def names(self) -> list[str]:
        return [task.name for task in self.tasks]

    def task(self, name: str) -> Task | None:
        """The task of this name, None if there is none."""
        return next((task for task in self.tasks if task.name == name), None)


def read_chain(content: Any) -> Chain:
    """Check the content of a chain file; raise `InvalidInput` that lists all that is wrong with it."""
    if not isinstance(content, dict):
        raise InvalidInput(
            'A chain file holds a map with "chain", a list of tasks; "default" and "vars" may stand beside.'
        )
    problems = [*_unknown("the chain", content, _CHAIN_KEYS)]
    entries = content.get("chain")
    if not isinstance(entries, list) or not entries:
        raise InvalidInput(". ".join([*problems, "chain: must be a list of one task or more"]) + ".")
    tasks = []
    for position, entry in enumerate(entries, 1):
        found = list(_task_problems(position, entry))
        problems += found
        if not found:
            tasks.append(_task(entry))
    default = content.get("default") or ""
    variables = content.get("vars") or {}
    if not isinstance(default, str):
        problems.append("default: must be the name of a task")
    if not isinstance(variables, dict):
        problems.append("vars: must be a map of names to values")
    if len(tasks) == len(entries):  # else the names that are missing would be reported as unknown, too
        problems += _name_problems(tasks, default)
    if problems:
        raise InvalidInput(". ".join(problems) + ".")
    return Chain(tasks, default or _first(tasks), variables)


def _task(entry: dict[str, Any]) -> Task:
    return Task(
        name=entry["name"],
        ref=entry["ref"],
        parameters=entry.get("parameters") or entry.get("params") or {},
        on_success=entry.get("on-success") or "",
        on_failure=entry.get("on-failure") or "",
        publish=entry.get("publish") or {},
        notify=entry.get("notify") or {},
    )


def _task_problems(position: int, entry: Any) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f'chain: task {position} must be a map with "name" and "ref"'
        return
    name = entry.get("name")
    where = f'task "{name}"' if isinstance(name, str) and name else f"task {position}"
    unknown = list(_unknown(where, entry, _TASK_KEYS))
    if position == 1:
        yield from unknown
    else:  # packs have such keys, because StackStorm checks those of the first task only
        for problem in unknown:
            logger.warning("Ignored in a chain: %s", problem)
    for key in ("name", "ref"):
        if not isinstance(entry.get(key), str) or not entry[key]:
            yield f"{where}: {key} is required, and must be text"
    if entry.get("parameters") and entry.get("params"):
        yield f"{where}: give either parameters or params (the old name of the same), not both"
    for key in ("parameters", "params", "publish", "notify"):
        if not isinstance(entry.get(key) or {}, dict):
            yield f"{where}: {key} must be a map"
    for key in ("on-success", "on-failure"):
        if not isinstance(entry.get(key) or "", str):
            yield f"{where}: {key} must be the name of a task"
    yield from _notify_problems(where, entry.get("notify"))


def _notify_problems(where: str, notify: Any) -> Iterator[str]:
    try:
        check_notify(notify if isinstance(notify, dict) else None)
    except InvalidInput as error:
        yield f"{where}: {error.message.rstrip('.')}"


def _name_problems(tasks: list[Task], default: str) -> Iterator[str]:
    names = [task.name for task in tasks]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield f'chain: {names.count(name)} tasks have the name "{name}"'
    known = f"it has {', '.join(dict.fromkeys(names))}"
    if default and default not in names:
        yield f'default: the chain has no task "{default}"; {known}'
    for task in tasks:
        for key, wanted in (("on-success", task.on_success), ("on-failure", task.on_failure)):
            if wanted and wanted not in names and not is_template(wanted):
                yield f'task "{task.name}": {key} names "{wanted}", which the chain does not have; {known}'


def _unknown(where: str, given: dict[str, Any], keys: tuple[str, ...]) -> Iterator[str]:
    for key in given:
        if key not in keys:
            yield f'{where}: "{key}" is not one of {", ".join(keys)}'


def _first(tasks: list[Task]) -> str:
    """The first task that no other leads to, else the first of the list."""
    referred = {name for task in tasks for name in (task.on_success, task.on_failure)}
    free: Callable[[Task], bool] = lambda task: task.name not in referred  # noqa: E731
    return next(filter(free, tasks), tasks[0]).name

"""Ansible callback of install.sh: one numbered line for each of the play's own `tasks`, the rest is for the log.

What a play has to do besides goes into `pre_tasks` and `post_tasks`, which are no steps.

Lines go to file descriptor 3. What install.sh has to know in the end goes to the file that ST2_STEPS_FILE names: lines
of a name and its value (number and step; role and task of the last failure, cause: the role of the first one; changed,
and the statistics that the playbook sets itself), and the message of the last failure into FILE.message.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: st2_steps
type: aggregate
short_description: numbered steps with the time
description: Shows each of the play's own tasks as a numbered step, with the time since the beginning.
"""


_NO_STEPS = ("meta", "ansible.builtin.meta", "gather_facts")


class CallbackModule(CallbackBase):  # type: ignore[misc]  # Ansible has no types
    """Prints the steps; knows the last failure."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "st2_steps"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._started = float(os.environ.get("ST2_STEPS_STARTED", time.time()))
        self._number = int(os.environ.get("ST2_STEPS_DONE", "0"))
        self._total = self._number
        self._steps: set[str] = set()
        self._aside: set[str] = set()
        self._facts: dict[str, object] = {}
        self._parts: set[str] | None = None
        self._running: tuple[str, float] = ("", time.monotonic())
        self._spent: dict[str, float] = {}

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Count the steps."""
        self._steps |= {task._uuid for task in _tasks(play.tasks) if self._is_step(task)}
        self._aside |= {task._uuid for task in _tasks([play.pre_tasks, play.post_tasks])}
        self._total = self._number + len(self._steps)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002  # Ansible names it
        """Show a step, or the part that a step of several parts has come to."""
        self._account(task.get_name())
        if task._uuid in self._steps:
            self._number += 1
            self._facts.update(number=self._number, step=task.name)
            self._parts = set() if task.loop else None
            self._leave_facts()
            self._say(f"[{self._number}/{self._total}] {task.name} ({self._seconds()} s)")
        elif self._is_step(task) and task._uuid not in self._aside:  # of a rescue: it failed at the step before
            self._say(f"[!] {task.name} ({self._seconds()} s)")
        elif self._parts is not None and task._role is not None:
            part = task._role.get_name()
            if part not in self._parts and part not in ("packages", "preflight", "secret"):
                self._parts.add(part)
                self._say(f"      {part}")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Remember the failure, which a rescue may still make good."""
        if not ignore_errors:
            self._fail(result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Remember the failure."""
        self._fail(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Leave what install.sh has to know, and in the log what took longest."""
        self._account("")
        slowest = sorted(self._spent.items(), key=lambda pair: -pair[1])[:25]
        self._display.display("Seconds by task:\n" + "\n".join(f"{spent:7.1f}  {name}" for name, spent in slowest))
        self._facts["changed"] = sum(stats.changed.values())
        self._facts.update(stats.custom.get("_run", {}))
        self._leave_facts()

    def _leave_facts(self) -> None:
        file = os.environ.get("ST2_STEPS_FILE")
        if file:
            Path(file).write_text("".join(f"{name} {value}\n" for name, value in self._facts.items()))

    def _is_step(self, task: Any) -> bool:
        if task._role is not None or task.action in _NO_STEPS:
            return False
        return bool(task.name)

    def _fail(self, result: Any) -> None:
        task = result._task
        role = task._role.get_name() if task._role is not None else ""
        self._facts.setdefault("cause", role)
        self._facts.update(role=role, task=task.name)
        content = result._result
        message = content.get("msg", "")
        lines = [str(line) for line in message] if isinstance(message, list) else [str(message)]
        lines += [str(content[name]).strip() for name in ("stdout", "stderr") if content.get(name)]
        for item in content.get("results", []):
            if isinstance(item, dict) and item.get("failed"):
                lines.append(str(item.get("msg", "")))
        file = os.environ.get("ST2_STEPS_FILE")
        if file:
            Path(file + ".message").write_text("\n".join(line for line in lines if line) + "\n")

    def _account(self, name: str) -> None:
        now = time.monotonic()
        before, since = self._running
        self._spent[before] = self._spent.get(before, 0.0) + now - since
        self._running = (name, now)

    def _seconds(self) -> int:
        return int(time.time() - self._started)

    def _say(self, line: str) -> None:
        try:
            os.write(3, f"{line}\n".encode())
        except OSError:  # nobody listens: not started by install.sh
            self._display.display(line)


def _tasks(entries: Any) -> list[Any]:
    """Return the tasks in blocks and lists of blocks, but not those that come after a failure."""
    if isinstance(entries, list):
        return [task for entry in entries for task in _tasks(entry)]
    if hasattr(entries, "block"):
        return _tasks(entries.block)
    return [entries]

"""Action chains with the unmodified upstream client: shown task by task, followed, paused, and run again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.acceptance.harbor import Harbor, wait_until
from tests.acceptance.upstream import UpstreamCli
from tests.processes import PATIENCE

pytestmark = pytest.mark.slow

TASKS = ["moor", "look", "wait", "last"]


def tasks_of(st2: UpstreamCli, execution_id: str) -> list[tuple[str, str]]:
    """Name and status of each task that has begun."""
    text = st2("execution", "get", execution_id, "--show-tasks", "-j").stdout
    _, end = json.JSONDecoder().raw_decode(text)
    tasks = json.loads(text[end:]) if text[end:].strip() else []
    return [(task["task"], task["status"].split()[0]) for task in tasks]


def start_and_stop_at_the_gate(st2: UpstreamCli, gate: Path) -> str:
    """Start a chain that waits for a file in its third task; give its id when it is there."""
    execution_id = st2.start("harbor.round", f"gate={gate}")
    wait_until(lambda: tasks_of(st2, execution_id)[-1:] == [("wait", "running")], "the chain does not come to its gate")
    return execution_id


def test_run_shows_tasks(st2: UpstreamCli, harbor: Harbor) -> None:
    st2("key", "set", "harbor_greeting", "ahoy")
    text = st2("run", "harbor.round", "--show-tasks").stdout
    assert [line.split("|")[3].strip() for line in text.splitlines() if "succeeded (" in line and "|" in line] == TASKS
    execution_id = re.findall(r"\bid: ([0-9a-f]{24})", text)[0]
    raw = st2("execution", "get", execution_id, "--raw", "-j").json
    look = next(task for task in raw["result"]["tasks"] if task["name"] == "look")
    assert look["result"]["stdout"].startswith("Aurora, ahoy at 42, two, 43, {")
    assert raw["result"]["published"]["numbers"] == {"all": ["one", "two"], "last": "43"}
    assert raw["result"]["tasks"][-1]["result"]["stdout"].startswith("1.7.0 ship=Aurora berth=42")

    listed = st2("execution", "list", "-n", "1", "--action", "harbor.round", "-j").json
    assert [row["id"] for row in listed] == [execution_id]
    tree = st2("execution", "get", execution_id, "--show-tasks").stdout
    assert all(f"| {name} " in tree for name in TASKS)
    assert f"{execution_id} has completed (status=succeeded)." in st2("execution", "tail", execution_id).stdout


def test_tail_follows_the_tasks(st2: UpstreamCli, harbor: Harbor, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    execution_id = start_and_stop_at_the_gate(st2, gate)
    tail = st2.popen("execution", "tail", execution_id)
    assert tail.stdout
    first = tail.stdout.readline()
    gate.touch()
    rest, _ = tail.communicate(timeout=PATIENCE)
    assert first == "waiting\n"
    assert "open\n" in rest
    assert re.search(r"Child execution \(task=last\) [0-9a-f]{24} has started\.\n\n1\.7\.0 ship=Aurora", rest), rest
    assert re.search(r"Child execution \(task=last\) [0-9a-f]{24} has finished \(status=succeeded\)", rest), rest
    assert f"Execution {execution_id} has completed (status=succeeded)." in rest


def test_pause_and_resume(st2: UpstreamCli, harbor: Harbor, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    execution_id = start_and_stop_at_the_gate(st2, gate)
    assert "pausing" in st2("execution", "pause", execution_id).stdout
    gate.touch()
    st2.wait(execution_id, "paused")
    assert [name for name, _ in tasks_of(st2, execution_id)] == TASKS[:3]
    st2("execution", "resume", execution_id)
    st2.wait(execution_id, "succeeded")
    assert tasks_of(st2, execution_id)[-1] == ("last", "succeeded")


def test_cancel_ends_after_the_task(st2: UpstreamCli, harbor: Harbor, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    execution_id = start_and_stop_at_the_gate(st2, gate)
    assert "canceled" in st2("execution", "cancel", execution_id).stdout
    st2.wait(execution_id, "canceling")
    gate.touch()
    st2.wait(execution_id, "canceled")
    assert [name for name, _ in tasks_of(st2, execution_id)] == TASKS[:3]


def test_run_again_from_the_task_that_failed(st2: UpstreamCli, harbor: Harbor, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    chain = tmp_path / "gate.yaml"
    chain.write_text(
        "chain:\n"
        "  - {name: one, ref: core.local, parameters: {cmd: 'date +%N'}, on-success: two}\n"
        "  - {name: two, ref: core.local, parameters: {cmd: 'test -e {{ gate }} && echo {{ one.stdout }}'}}\n"
    )
    action = tmp_path / "action.yaml"
    action.write_text(
        f"{{name: gated, pack: default, runner_type: action-chain, entry_point: {chain}, "
        "parameters: {gate: {type: string}}}\n"
    )
    st2("action", "create", str(action))
    failed = st2.start("default.gated", f"gate={gate}")
    st2.wait(failed, "failed")
    assert tasks_of(st2, failed) == [("one", "succeeded"), ("two", "failed")]
    gate.touch()
    told = st2("execution", "re-run", failed, "--tasks", "two", "-a").stdout
    again = re.findall(r"execution get ([0-9a-f]{24})", told)[0]
    st2.wait(again, "succeeded")
    outputs = [
        [task["result"]["stdout"] for task in st2("execution", "get", each, "--raw", "-j").json["result"]["tasks"]]
        for each in (failed, again)
    ]
    assert outputs[1][-1] == outputs[0][0], "the first task has run again"
    st2("action", "delete", "default.gated")

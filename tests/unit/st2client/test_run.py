"""Running actions: waiting, following, showing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from st2client import waiting
from tests.servers.api import ACTION, EXECUTION, ID, FakeApi, events
from tests.servers.web import Answer, Received
from tests.unit.st2client.conftest import Cli

RUN = ("run", "core.local", "date")
PATH = f"/executions/{ID}"


def states(api: FakeApi, *found: str, **more: Any) -> None:
    """Let the execution be in one state after the other, and stay in the last."""
    left = list(found)

    def answer(_: Received) -> Answer:
        status = left.pop(0) if len(left) > 1 else left[0]
        return Answer(200, json.dumps({**EXECUTION, "status": status, **more}).encode())

    api.answers["GET", PATH] = answer


def workflow(api: FakeApi, status: str = "succeeded", **more: Any) -> None:
    action = {"ref": "core.flow", "runner_type": "orquesta"}
    states(api, status, action=action, **more)
    children = [
        {**EXECUTION, "id": f"child{n}", "parent": ID, "context": {"orquesta": {"task_name": f"task{n}"}}}
        for n in (1, 2)
    ]
    api.answers["GET", f"{PATH}/children"] = 200, children


def test_waits_until_the_execution_stands_still(api: FakeApi, cli: Cli) -> None:
    states(api, "requested", "scheduled", "running", "canceling", "succeeded")
    outcome = cli(*RUN)
    assert outcome.code == 0
    assert api.requests.count(f"GET {PATH}") == 5
    assert outcome.out.startswith(
        f"id: {ID}\naction.ref: core.local\ncontext.user: st2admin\nparameters: \n  cmd: date\n"
    )
    assert "password: '********'" in outcome.out
    assert "\nstatus: succeeded\nstart_timestamp: Thu, 01 Jan 2026 00:00:00 UTC\n" in outcome.out
    assert outcome.err == ""


@pytest.mark.parametrize("status", ["delayed", "pausing", "paused", "pending"])
def test_does_not_wait_for_what_needs_someone(api: FakeApi, cli: Cli, status: str) -> None:
    api.answers["POST", "/executions"] = 201, {**EXECUTION, "status": status}
    assert cli(*RUN).code == 0
    assert f"GET {PATH}" not in api.requests


@pytest.mark.parametrize(("status", "code"), [("failed", 1), ("timeout", 0), ("abandoned", 0), ("canceled", 0)])
def test_exit_codes(api: FakeApi, cli: Cli, status: str, code: int) -> None:
    states(api, status)
    assert cli(*RUN).code == code
    assert cli("execution", "re-run", ID).code == code
    assert cli("execution", "get", ID).code == 0


def test_looks_often_at_first_and_rarely_later(monkeypatch: pytest.MonkeyPatch) -> None:
    class Manager:
        left = 40

        def require(self, _: str) -> Any:
            self.left -= 1
            return type("E", (), {"id": ID, "status": "running" if self.left else "succeeded"})

    slept: list[float] = []
    monkeypatch.setattr(waiting.time, "sleep", slept.append)
    manager = Manager()
    session = type("S", (), {"manager": lambda self, kind: manager})()
    execution = waiting.wait(session, manager.require(ID))  # type: ignore[arg-type]
    assert execution.status == "succeeded"
    assert slept[0] == waiting.FIRST_INTERVAL
    assert slept[-1] == waiting.LONGEST_INTERVAL
    assert slept == sorted(slept)


def test_an_interrupt_leaves_the_execution_and_says_how_to_stop_it(
    api: FakeApi, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(waiting.time, "sleep", interrupt)
    outcome = cli(*RUN)
    assert outcome.code == 130
    assert f"st2 execution cancel {ID}" in outcome.err
    assert not any(request.startswith("DELETE") for request in api.requests)


def test_async(api: FakeApi, cli: Cli) -> None:
    for line in (("run", "-a", "core.local", "date"), ("action", "execute", "core.local", "date")):
        outcome = cli(*line)
        assert outcome.out == (
            f"To get the results, execute:\n st2 execution get {ID}\n\n"
            f"To view output in real-time, execute:\n st2 execution tail {ID}\n"
        )


def test_options_may_stand_anywhere(api: FakeApi, cli: Cli) -> None:
    assert json.loads(cli("run", "core.local", "-j", "cmd=date", "--attr", "id").out) == {"id": ID}
    assert api.bodies[2]["parameters"] == {"cmd": "date"}


def test_parts_of_the_result(api: FakeApi, cli: Cli) -> None:
    assert cli("run", "-k", "stdout", "core.local", "date").out == "hello\nworld\n"
    assert json.loads(cli("run", "-j", "-k", "return_code", "core.local", "x").out) == {"result": {"return_code": 0}}
    assert cli("run", "-k", "none", "core.local", "date").out == "None\n"


def test_detail_and_schema(api: FakeApi, cli: Cli) -> None:
    assert cli("run", "-d", "core.local", "date").out.startswith("+---")
    outcome = cli("run", "--with-schema", "core.local", "date")
    assert "output_schema:\n    failed:\n        type: boolean\n" in outcome.out


def test_environment(api: FakeApi, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_TO", "prod")
    cli("run", "-e", "core.local", "date")
    env = api.bodies[2]["parameters"]["env"]
    assert env["DEPLOY_TO"] == "prod"
    assert "ST2_AUTH_TOKEN" not in env


def test_help_of_an_action(api: FakeApi, cli: Cli) -> None:
    out = cli("run", "core.local", "-h").out
    assert out.index("Required Parameters:") < out.index("    cmd") < out.index("Optional Parameters:")
    assert "        Command to run\n        Type: string\n" in out
    assert "Default: 60" in out
    assert "sudo" not in out  # immutable
    assert not any(request.startswith("POST") for request in api.requests)


@pytest.mark.parametrize("line", ["run core.missing", "run core.missing -h", "execution re-run missing"])
def test_unknown_actions_and_executions(api: FakeApi, cli: Cli, line: str) -> None:
    outcome = cli(*line.split())
    assert outcome.code == 1
    assert "cannot be found." in outcome.err


def test_unknown_runner(api: FakeApi, cli: Cli) -> None:
    api.answers["GET", "/runnertypes"] = 200, []
    assert 'Runner type "local-shell-cmd"' in cli(*RUN).err


def test_workflows_show_their_tasks(api: FakeApi, cli: Cli) -> None:
    workflow(api, result={"output": {"x": 1}})
    out = cli(*RUN).out
    assert f"GET {PATH}/children/?depth=-1" in api.requests
    assert "result: \n  output:\n    x: 1\n" in out
    assert "| child1 | succeeded (2s elapsed) | task1 | core.local | Thu, 01 Jan 2026 00:00:00 UTC |" in out
    data = json.loads(cli("execution", "get", ID, "-j").out)
    assert [(task["id"], task["task"], task["status"]) for task in data["tasks"]] == [
        ("child1", "task1", "succeeded"), ("child2", "task2", "succeeded"),
    ]  # fmt: skip
    assert "child1" not in cli("execution", "get", ID, "--raw").out


def test_chains_show_the_result_of_their_last_task(api: FakeApi, cli: Cli) -> None:
    tasks = [{"name": "t1", "result": {"stdout": "one"}}, {"name": "t2", "result": {"stdout": "two"}}]
    workflow(api, result={"tasks": tasks, "published": {}})
    out = cli(*RUN).out
    assert "result_task: t2\nresult: \n  stdout: two\n" in out
    assert "stdout: one" not in out
    assert json.loads(cli("execution", "get", ID, "-j").out)["result"]["tasks"] == tasks
    assert "stdout: one" in cli("execution", "get", ID, "--raw").out


def test_failed_workflows_show_the_error(api: FakeApi, cli: Cli) -> None:
    workflow(api, "failed", result={"tasks": [{"name": "t1", "result": {"stderr": "no disk"}}]})
    out = cli(*RUN).out
    assert "\nerror: no disk\nfailed_on: t1\n" in out
    workflow(api, "failed", result={"error": "bad", "traceback": "tb"})
    assert "\nerror: bad\ntraceback: tb\n" in cli(*RUN).out
    workflow(api, "failed", result=None)
    assert cli(*RUN).code == 1


def test_list_is_oldest_first_and_marks_workflows(api: FakeApi, cli: Cli) -> None:
    api.answers["GET", "/executions"] = 200, [{**EXECUTION, "id": "b"}, {**EXECUTION, "id": "a", "children": ["x"]}]
    lines = cli("execution", "list").out.split("\n")
    assert [line.split("|")[1] for line in lines[3:5]] == [" + a ", "   b "]
    assert [row["id"] for row in json.loads(cli("execution", "list", "-j").out)] == ["a", "b"]


def test_cancel(api: FakeApi, cli: Cli) -> None:
    assert cli("execution", "cancel", ID, "-t", "x").out == f"action execution with id {ID} canceled.\n"
    assert api.received[0].headers["X-Auth-Token"] == "x"
    api.answers["DELETE", PATH] = 200, {"faultstring": "Action cannot be canceled. State = succeeded."}
    assert cli("execution", "cancel", ID).out == "Action cannot be canceled. State = succeeded.\n"
    api.answers["DELETE", PATH] = 404, {"faultstring": "none"}
    assert cli("execution", "cancel", ID).code == 1


def piece(data: str, kind: str = "stdout", execution: str = ID) -> tuple[str, str]:
    found = {"execution_id": execution, "output_type": kind, "timestamp": "T", "data": data}
    return "st2.execution.output__create", json.dumps(found)


def update(status: str, execution: str = ID, **more: Any) -> tuple[str, str]:
    return "st2.execution__update", json.dumps({"id": execution, "status": status, **more})


def test_tail_follows_from_the_beginning_to_the_end(api: FakeApi, cli: Cli) -> None:
    states(api, "running", "succeeded")
    stream = events(piece("one\n"), piece("two\n", "stderr"), ("EOF", "''"), piece("never"))
    api.answers["GET", f"{PATH}/output"] = lambda _: stream
    assert cli("execution", "tail", ID).out == f"one\ntwo\n\nExecution {ID} has completed (status=succeeded).\n"
    states(api, "running", "succeeded")
    assert cli("execution", "tail", ID, "--include-metadata").out.startswith("[T][stdout] one\n[T][stderr] two\n")


def test_run_and_tail(api: FakeApi, cli: Cli) -> None:
    states(api, "failed")
    api.answers["GET", f"{PATH}/output"] = lambda _: events(piece("line\n"), ("EOF", "''"))
    outcome = cli("run", "--tail", "core.local", "x")
    assert outcome.code == 1
    assert outcome.out.startswith(
        f'Tailing execution "{ID}"\nline\n\nExecution {ID} has completed (status=failed).\n\nid:'
    )


def test_tail_of_a_workflow_follows_its_tasks(api: FakeApi, cli: Cli) -> None:
    workflow(api, "running")
    parent = {"parent": {"execution_id": ID}, "orquesta": {"task_name": "t1"}}
    stream = events(
        update("running"),
        update("running"),
        update("running", "other", context={"parent": {"execution_id": "elsewhere"}}),
        update("running", "c1", context=parent),
        piece("hello\n", execution="c1"),
        piece("stranger\n", execution="other"),
        update("succeeded", "c1", context=parent),
        update("succeeded"),
        piece("never\n"),
    )
    api.answers["GET", "/stream"] = lambda _: stream
    outcome = cli("execution", "tail", ID)
    assert outcome.out == (
        f"Execution {ID} has started.\n\nChild execution (task=t1) c1 has started.\n\nhello\n"
        "\nChild execution (task=t1) c1 has finished (status=succeeded).\n"
        f"\nExecution {ID} has completed (status=succeeded).\n"
    )
    stream_request = next(request for request in api.received if request.path == "/v1/stream")
    assert stream_request.query == {
        "events": ["st2.execution__update,st2.execution.output__create"],
        "end_event": ["st2.execution__update"],
        "end_execution_id": [ID],
    }
    assert stream_request.headers["X-Auth-Token"] == "the-token"


def test_tail_of_a_workflow_that_ended_meanwhile(api: FakeApi, cli: Cli) -> None:
    states(api, "running", "succeeded", action={"ref": "core.flow", "runner_type": "action-chain"})
    api.answers["GET", "/stream"] = lambda _: events()
    assert cli("execution", "tail", ID).out == f"text\nExecution {ID} has completed (status=succeeded).\n"


def test_tail_without_executions(api: FakeApi, cli: Cli) -> None:
    api.answers["GET", "/executions"] = 200, []
    assert cli("execution", "tail").out == "No executions found in db.\n"


def test_alias_test_prints_the_message(api: FakeApi, cli: Cli) -> None:
    states(api, "succeeded", result={"result": {"message": "all fine"}})
    outcome = cli("action-alias", "test", "say x")
    assert outcome.code == 0
    assert f"{'=' * 80}\nall fine\n{'=' * 80}" in outcome.out
    assert [body["action"] for body in api.bodies if body and "action" in body] == ["chatops.format_execution_result"]
    states(api, "failed", result={})
    assert cli("action-alias", "test", "say x").code == 2


def test_failed_pack_changes(api: FakeApi, cli: Cli) -> None:
    states(api, "failed")
    assert cli("pack", "install", "core").code == 1
    assert cli("pack", "remove", "core").code == 1


def test_removed_packs_are_shown_and_must_be_gone(api: FakeApi, cli: Cli) -> None:
    assert cli("pack", "remove", "core").code == 2
    api.answers["GET", "/packs/core"] = 404, {"faultstring": "gone"}
    outcome = cli("pack", "remove", "core")
    assert outcome.code == 0
    assert "| version     | 1.0.0    |" in outcome.out


def test_actions_of_strange_documents_do_not_break(api: FakeApi, cli: Cli) -> None:
    api.answers["GET", "/actions/core.local"] = 200, {**ACTION, "parameters": None, "description": None}
    assert cli("run", "core.local", "-h").code == 0
    assert cli(*RUN).code == 0

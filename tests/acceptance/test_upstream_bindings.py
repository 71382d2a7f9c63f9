"""Scripts that use the Python bindings of the unmodified upstream client, as packs and bots do."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.upstream import upstream_program
from tests.servers.deployment import Deployment

pytestmark = pytest.mark.slow

PRELUDE = """\
import json, os, time
from st2client.client import Client
from st2client.models import KeyValuePair, LiveAction, Token
client = Client(
    base_url="http://127.0.0.1", api_url=os.environ["ST2_API_URL"], auth_url=os.environ["ST2_AUTH_URL"],
    stream_url=os.environ["ST2_STREAM_URL"],
)
token = client.tokens.create(Token(), auth=(os.environ["PROBE_USER"], os.environ["PROBE_PASSWORD"]))
os.environ["ST2_AUTH_TOKEN"] = token.token

def ended(execution):
    while execution.status not in ("succeeded", "failed", "timeout", "canceled"):
        time.sleep(0.1)
        execution = client.executions.get_by_id(execution.id)
    return execution
"""


@pytest.fixture
def script(deployment: Deployment, tmp_path: Path) -> Any:
    """Run the text of a script that gives its answer in `answer`."""
    python = upstream_program().with_name("python")

    def run(text: str) -> Any:
        done = subprocess.run(
            [python, "-c", f"{PRELUDE}\n{text}\nprint(json.dumps(answer))"],
            env={
                "HOME": str(tmp_path), "PATH": os.environ["PATH"], **deployment.environment,
                "PROBE_USER": deployment.user, "PROBE_PASSWORD": deployment.password,
            },
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_an_execution_from_request_to_output(script: Any) -> None:
    answer = script("""
execution = ended(client.executions.create(LiveAction(action="core.local", parameters={"cmd": "echo hi"})))
again = ended(client.executions.re_run(execution.id, parameters={"cmd": "echo ho"}))
answer = [execution.status, execution.result["stdout"], client.executions.get_output(execution.id),
          again.result["stdout"], client.liveactions.get_by_id(execution.id).id == execution.id,
          [child.id for child in client.executions.get_children(execution.id)],
          [found.id for found in client.executions.query(action="core.local", limit=2)] == [again.id, execution.id]]
""")
    assert answer == ["succeeded", "hi", "hi\n", "ho", True, [], True]


def test_the_datastore(script: Any) -> None:
    answer = script("""
client.keys.update(KeyValuePair(id="bound.a", name="bound.a", value="1"))
client.keys.update(KeyValuePair(id="bound.b", name="bound.b", value="2", secret=True))
first = client.keys.get_by_name(name="bound.a")
answer = [first.value, client.keys.get_by_id(id="bound.b", params={"decrypt": "true"}).value,
          sorted(key.name for key in client.keys.get_all(prefix="bound.")),
          len(client.keys.query(prefix="bound.")), not client.keys.get_by_name(name="bound.none")]
client.keys.delete(first)
answer.append([key.name for key in client.keys.get_all(prefix="bound.")])
""")
    assert answer == ["1", "2", ["bound.a", "bound.b"], 2, True, ["bound.b"]]


def test_actions_packs_and_runners(script: Any) -> None:
    answer = script("""
action = client.actions.get_by_ref_or_id("core.local")
answer = [action.ref, action.runner_type, client.actions.get_by_id(action.id).name,
          [found.ref for found in client.actions.query(pack="core", name="noop")],
          client.managers["Pack"].get_by_id("core").name,
          client.managers["RunnerType"].get_by_name("noop").name,
          client.actions.get_by_ref_or_id("core.nosuch") is None]
""")
    assert answer == ["core.local", "local-shell-cmd", "local", ["core.noop"], "core", "noop", True]


def test_an_inquiry(script: Any) -> None:
    answer = script("""
execution = client.executions.create(LiveAction(action="core.ask"))
while execution.status != "pending":
    time.sleep(0.1)
    execution = client.executions.get_by_id(execution.id)
inquiry = client.inquiries.get_by_id(execution.id)
client.inquiries.respond(inquiry_id=inquiry.id, inquiry_response={"continue": False})
answer = [ended(execution).status, client.executions.get_by_id(execution.id).result["response"]]
""")
    assert answer == ["succeeded", {"continue": False}]


def test_the_stream(script: Any) -> None:
    answer = script("""
import threading
heard = threading.Event()
def again_and_again():
    while not heard.wait(1):
        client.executions.create(LiveAction(action="core.noop", parameters={}))
threading.Thread(target=again_and_again).start()
for event in client.managers["Stream"].listen(["st2.execution__update"], token=token.token):
    if event.get("action", {}).get("ref") == "core.noop" and event["status"] == "succeeded":
        answer = [event["status"], event["context"]["user"]]
        heard.set()
        break
""")
    assert answer == ["succeeded", "st2admin"]

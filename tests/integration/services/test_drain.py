"""A service that is asked to stop lets its actions end."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from st2client.client import Client
from st2client.models import LiveAction, Token
from tests.processes import PATIENCE
from tests.servers.deployment import STOP_SECONDS, Deployment, Standalone

ASK_THE_API = """\
import os, pathlib, sys, time, urllib.request
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.02)
headers = {"X-Auth-Token": os.environ["ST2_ACTION_AUTH_TOKEN"]}
request = urllib.request.Request(os.environ["ST2_ACTION_API_URL"] + "/user", headers=headers)
print(urllib.request.urlopen(request).status)
"""


@contextlib.contextmanager
def client_of(st2: Deployment) -> Iterator[Client]:
    with Client(api_url=st2.api_url, auth_url=st2.auth_url, stream_url=st2.stream_url) as client:
        client.token = client.tokens.create(Token(), auth=(st2.user, st2.password)).token
        yield client


def wait_for(client: Client, identifier: str, *statuses: str) -> LiveAction:
    deadline = time.monotonic() + PATIENCE
    while True:
        execution = client.executions.get_by_id(identifier)
        if execution.status in statuses:
            return execution
        assert time.monotonic() < deadline, f"still {execution.status}"
        time.sleep(0.02)


def test_actions_can_ask_the_api_until_they_end_and_later_requests_are_kept(tmp_path: Path) -> None:
    script, signal = tmp_path / "ask.py", tmp_path / "go"
    script.write_text(ASK_THE_API)
    with Standalone(tmp_path) as st2, client_of(st2) as client:
        command = f"{sys.executable} {script} {signal}"
        asking = client.executions.create(LiveAction(action="core.local", parameters={"cmd": command}))
        wait_for(client, asking.id, "running")
        process = st2.processes["st2lite"]
        process.terminate()
        st2._wait_for_log("st2lite", "st2lite is stopping")
        late = client.executions.create(LiveAction(action="core.noop"))
        signal.touch()
        assert process.wait(STOP_SECONDS) == 0
        st2.processes.clear()
        st2.start()
        with client_of(st2) as again:
            assert again.executions.get_by_id(asking.id).result["stdout"] == 200
            assert wait_for(again, late.id, "succeeded", "failed", "abandoned").status == "succeeded"

"""Every process of a host is killed (SIGKILL) in the middle of a load, twice, and started again.

Whatever was accepted ends; what succeeded ran exactly once, what was abandoned at most once; nothing ran unasked.
"""

import base64
import http.client
import json
import threading
import time

import pytest

from st2lite.models import statuses
from st2lite.models.execution import Execution
from st2lite.storage.open import open_store
from tests.servers.deployment import Separate

CLIENTS = 3
ROUNDS = 2
PAUSE = 1.5
SETTINGS = {
    "actionrunner": {"lease": 3},
    "notifier": {"rescheduling_interval": 0.5, "redispatch_after": 2},
}


class Load(threading.Thread):
    """Requests executions one after the other; keeps the ids of those that were accepted."""

    def __init__(self, port, token, marker):
        super().__init__(daemon=True)
        self.accepted = []
        self.refused = 0
        self.strange = []
        self._port, self._marker = port, marker
        self._headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
        self._enough = threading.Event()

    def stop(self):
        self._enough.set()
        self.join()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        command = f"echo $ST2_ACTION_EXECUTION_ID >> {self._marker}"
        body = json.dumps({"action": "core.local", "parameters": {"cmd": command}})
        while not self._enough.is_set():
            try:
                connection.request("POST", "/v1/executions", body, self._headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
            except (OSError, http.client.HTTPException):
                connection.close()
                self.refused += 1
                time.sleep(0.1)
                continue
            if response.status == 201:
                self.accepted.append(answer["id"])
            elif response.status == 503:
                self.refused += 1
                time.sleep(0.1)
            else:
                self.strange.append((response.status, answer))
            time.sleep(0.02)
        connection.close()


@pytest.fixture
def host(tmp_path):
    with Separate(tmp_path, settings=SETTINGS) as host:
        yield host


def log_in(host):
    address = host.auth_url.removeprefix("http://")
    connection = http.client.HTTPConnection(address)
    basic = base64.b64encode(f"{host.user}:{host.password}".encode()).decode()
    connection.request("POST", "/tokens", headers={"Authorization": f"Basic {basic}"})
    token = json.loads(connection.getresponse().read())["token"]
    connection.close()
    return token


def kill_and_restart(host, name):
    if name == "rabbitmq":
        host.rabbit.kill()
        time.sleep(PAUSE)
        host.rabbit.start()
    elif name == "mongod":
        host.mongo.kill()
        time.sleep(PAUSE)
        host.mongo.start()
    else:
        host.kill(name)
        time.sleep(PAUSE)
        host.start()


@pytest.mark.slow
def test_nothing_accepted_is_lost_and_nothing_runs_twice(host, tmp_path):
    marker = tmp_path / "marker"
    token = log_in(host)
    port = int(host.url.rpartition(":")[2])
    loads = [Load(port, token, marker) for _ in range(CLIENTS)]
    for load in loads:
        load.start()
    for _ in range(ROUNDS):
        for name in (*Separate.SERVICES, "rabbitmq", "mongod"):
            time.sleep(PAUSE)
            kill_and_restart(host, name)
    time.sleep(PAUSE)
    for load in loads:
        load.stop()
    accepted = {identifier for load in loads for identifier in load.accepted}
    assert len(accepted) > 50
    assert [strange for load in loads for strange in load.strange] == []

    store = open_store(host.database_url)
    deadline = time.monotonic() + 120
    while True:
        executions = {execution.id: execution for execution in store.find(Execution, large=False)}
        waiting = [e for e in executions.values() if e.status not in statuses.COMPLETED]
        if not waiting:
            break
        assert time.monotonic() < deadline, [(e.id, e.status, e.worker) for e in waiting]
        time.sleep(0.5)
    store.close()

    assert accepted <= set(executions)
    runs = marker.read_text().split()
    assert len(runs) == len(set(runs)), "an action ran twice"
    assert set(runs) <= set(executions)
    by_status = {}
    for execution in executions.values():
        by_status.setdefault(execution.status, set()).add(execution.id)
    assert set(by_status) <= {"succeeded", "abandoned"}
    assert by_status["succeeded"] <= set(runs)
    assert len(by_status["succeeded"]) > len(by_status.get("abandoned", ()))

"""Every process of a host is killed (SIGKILL) in the middle of a load, twice, and started again.

Whatever was accepted ends; what succeeded ran exactly once, what was abandoned at most once; nothing ran unasked.
Chains run among the others: each goes on from where it was, and fails only where a task of it was abandoned.
Webhooks come in all the time: each that was accepted ends in one enforcement and one execution.
"""

import base64
import http.client
import itertools
import json
import threading
import time

import pytest

from st2lite.models import statuses
from st2lite.models.execution import Execution
from st2lite.models.rule import RuleEnforcement
from st2lite.models.trigger import TriggerInstance
from st2lite.storage.contract import Equal
from st2lite.storage.open import open_store
from tests.servers.deployment import Separate

ACTIONS = ("core.local", "core.local", "marks.two")
"""What each client requests."""
CHAIN = """
chain:
  - {name: one, ref: core.local, parameters: {cmd: "{{ cmd }}"}, on-success: two}
  - {name: two, ref: core.local, parameters: {cmd: "{{ cmd }}"}}
"""
RULE = """
name: mark
enabled: true
trigger: {type: core.st2.webhook, parameters: {url: mark}}
criteria: {trigger.body.number: {type: gt, pattern: 0}}
action: {ref: core.local, parameters: {cmd: "{{ trigger.body.cmd }}"}}
"""
HOOK = "core.st2.webhook"
ROUNDS = 2
PAUSE = 1.5
SETTINGS = {
    "actionrunner": {"lease": 3},
    "notifier": {"rescheduling_interval": 0.5, "redispatch_after": 2},
    "rulesengine": {"redispatch_after": 2},
}


class Load(threading.Thread):
    """Sends requests one after the other, the n-th with `body(n)`; keeps what `key` makes of those accepted.

    `key` gets the number of the request and the answer.
    """

    def __init__(self, port, token, path, body, key):
        super().__init__(daemon=True)
        self.accepted = []
        self.refused = 0
        self.strange = []
        self._port, self._path, self._body, self._key = port, path, body, key
        self._headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
        self._enough = threading.Event()

    def stop(self):
        self._enough.set()
        self.join()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        for number in itertools.count(1):
            if self._enough.is_set():
                break
            try:
                connection.request("POST", self._path, json.dumps(self._body(number)), self._headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
            except (OSError, http.client.HTTPException):
                connection.close()
                self.refused += 1
                time.sleep(0.1)
                continue
            if response.status in (201, 202):
                self.accepted.append(self._key(number, answer))
            elif response.status == 503:
                self.refused += 1
                time.sleep(0.1)
            else:
                self.strange.append((response.status, answer))
            time.sleep(0.02)
        connection.close()


def requests_of(action, command):
    """What a `Load` of executions takes; their ids are kept."""
    body = {"action": action, "parameters": {"cmd": command}}
    return "/v1/executions", lambda _number: body, lambda _number, answer: answer["id"]


def webhooks_with(command):
    """What a `Load` of webhooks takes; their numbers are kept."""
    return "/v1/webhooks/mark", lambda number: {"number": number, "cmd": command}, lambda number, _answer: number


@pytest.fixture
def host(tmp_path):
    actions = tmp_path / "packs" / "marks" / "actions"
    (actions / "chains").mkdir(parents=True)
    (actions.parent / "pack.yaml").write_text(
        "{name: marks, description: Marks, version: 1.0.0, author: me, email: me@example.com}\n"
    )
    (actions / "two.yaml").write_text(
        "{name: two, runner_type: action-chain, entry_point: chains/two.yaml, parameters: {cmd: {type: string}}}\n"
    )
    (actions / "chains" / "two.yaml").write_text(CHAIN)
    (actions.parent / "rules").mkdir()
    (actions.parent / "rules" / "mark.yaml").write_text(RULE)
    with Separate(tmp_path, packs=[tmp_path / "packs"], settings=SETTINGS) as host:
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
    command = f"echo $ST2_ACTION_EXECUTION_ID >> {marker}"
    loads = [Load(port, token, *requests_of(action, command)) for action in ACTIONS]
    hooks = Load(port, token, *webhooks_with(command))
    for load in (*loads, hooks):
        load.start()
    for _ in range(ROUNDS):
        for name in (*Separate.SERVICES, "rabbitmq", "mongod"):
            time.sleep(PAUSE)
            kill_and_restart(host, name)
    time.sleep(PAUSE)
    for load in (*loads, hooks):
        load.stop()
    accepted = {identifier for load in loads for identifier in load.accepted}
    assert len(accepted) > 50
    assert [strange for load in (*loads, hooks) for strange in load.strange] == []

    store = open_store(host.database_url)
    deadline = time.monotonic() + 120
    while pending := store.count(TriggerInstance, (Equal("status", "pending"),)):
        assert time.monotonic() < deadline, f"{pending} trigger instances wait"
        time.sleep(0.5)
    while True:
        executions = {execution.id: execution for execution in store.find(Execution, large=False)}
        waiting = [e for e in executions.values() if e.status not in statuses.COMPLETED]
        if not waiting:
            break
        assert time.monotonic() < deadline, [(e.id, e.status, e.worker) for e in waiting]
        time.sleep(0.5)
    events = store.find(TriggerInstance, (Equal("trigger_type", HOOK),))
    enforcements = store.find(RuleEnforcement, (Equal("rule_ref", "marks.mark"),))
    store.close()

    check_events(hooks.accepted, events, enforcements, executions)
    assert accepted <= set(executions)
    runs = marker.read_text().split()
    assert len(runs) == len(set(runs)), "an action ran twice"
    assert set(runs) <= set(executions)
    chains = {e.id: e for e in executions.values() if e.runner_name == "action-chain"}
    tasks = {}
    for execution in executions.values():
        if execution.parent:
            tasks.setdefault(execution.parent, []).append(execution)
    by_status = {}
    for execution in executions.values():
        if execution.id not in chains:
            by_status.setdefault(execution.status, set()).add(execution.id)
    assert set(by_status) <= {"succeeded", "abandoned"}
    assert by_status["succeeded"] <= set(runs)
    assert len(by_status["succeeded"]) > len(by_status.get("abandoned", ()))
    assert len(chains) > 10
    for chain in chains.values():
        ends = sorted(task.status for task in tasks[chain.id])
        assert (chain.status, ends) in (
            ("succeeded", ["succeeded", "succeeded"]),
            ("failed", ["abandoned"]),
            ("failed", ["abandoned", "succeeded"]),
        )


def check_events(accepted, events, enforcements, executions):
    """Each accepted webhook was stored, and each one that was stored is enforced once and led to one execution."""
    numbers = {event.payload["body"]["number"] for event in events}
    assert len(accepted) > 30 and set(accepted) <= numbers
    assert {event.status for event in events} == {"processed"}
    assert {enforcement.status for enforcement in enforcements} == {"succeeded"}
    identifiers = sorted(event.id for event in events)
    assert sorted(enforcement.trigger_instance_id for enforcement in enforcements) == identifiers
    caused = {e.id: e.trigger_instance["id"] for e in executions.values() if e.trigger_instance}
    assert sorted(caused.values()) == identifiers
    assert {enforcement.execution_id for enforcement in enforcements} == set(caused)

"""Every process of a host is killed (SIGKILL) in the middle of a load, also several at once, and started again.

Executions are begun in every way there is: by clients, webhooks, a sensor, a timer, chains, and by what follows from
the end of an execution. Whatever was accepted ends; what succeeded ran exactly once, what was abandoned at most once;
nothing ran unasked. Each event is enforced once by each rule that it matches, and leads to one execution of it.
"""

import contextlib
import shutil
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from st2lite.models import statuses, timestamps
from st2lite.models.execution import Execution
from st2lite.models.ids import time_of
from st2lite.models.rule import RuleEnforcement
from st2lite.models.trigger import ACTION_TRIGGER, NOTIFY_TRIGGER, PENDING, TIMER_TYPES, WEBHOOK_TYPE, TriggerInstance
from st2lite.storage.contract import Equal, In, Range
from st2lite.storage.open import open_store
from tests.acceptance.conftest import KINDS, make_virtualenv
from tests.acceptance.load import Api, executions, webhooks
from tests.servers.deployment import Separate

MARKS = Path(__file__).parents[1] / "fixtures" / "packs" / "marks"
ACTIONS = {"core.local": 0.2, "marks.two": 0.4, "marks.noted": 0.6}
"""What each client requests, and how often (seconds)."""
HOOK_PAUSE = 0.1
SERVERS = ("rabbitmq", "mongod")
KILLS = {
    "standalone": (("st2lite",),) * 4,
    "separate": (
        *((name,) for name in (*Separate.SERVICES, *SERVERS)),
        ("st2rulesengine", "rabbitmq"),
        ("st2actionrunner", "mongod"),
        ("st2sensorcontainer", "st2notifier", "st2rulesengine", "st2actionrunner"),
        SERVERS,
        ("st2notifier", "st2actionrunner"),
    ),
}
"""What is killed at the same time, one after the other, by kind of deployment."""
RUNS_SENSORS = {"standalone": "st2lite", "separate": "st2sensorcontainer"}
INTERVAL = TIMER_TYPES[0]
RULES = {
    "marks.mark": lambda event: event.trigger_type == WEBHOOK_TYPE,
    "marks.counted": lambda event: event.trigger_type == "marks.number",
    "marks.tick": lambda event: event.trigger_type == INTERVAL,
    "marks.ended": lambda event: event.trigger_type == ACTION_TRIGGER and event.payload["action_name"] == "marks.noted",
    "marks.told": lambda event: event.trigger_type == NOTIFY_TRIGGER,
}
"""Which events the rules of the pack match."""
IS_PENDING = (Equal("status", PENDING),)
HAS_ENDED = (In("status", tuple(statuses.COMPLETED)),)
PAUSE = 1.5
PATIENCE = 300
"""Seconds without anything that ends. Ends that nobody was told of are found within less than a minute."""


@dataclass
class Found:
    """What is in the store when all has ended; what had occurred when it was `quiet` is older than the timer's end."""

    executions: dict
    events: list
    enforcements: list
    quiet: str

    def of_type(self, trigger_type):
        return [event for event in self.events if event.trigger_type == trigger_type]


@pytest.fixture(params=list(KILLS))
def kind(request):
    return request.param


@pytest.fixture
def host(tmp_path, kind):
    shutil.copytree(MARKS, tmp_path / "packs" / "marks")
    settings = {
        "actionrunner": {"lease": 3},
        "notifier": {"rescheduling_interval": 0.5, "redispatch_after": 2},
        "rulesengine": {"redispatch_after": 2},
        "garbagecollector": {"collection_interval": 1},
        "coordination": {"url": f"file://{tmp_path / 'locks'}"},
    }
    host = KINDS[kind](tmp_path, packs=[tmp_path / "packs"], settings=settings)
    make_virtualenv(host.base_path / "virtualenvs" / "marks")
    with host:
        yield host


def kill_and_restart(host, names):
    servers = [{"rabbitmq": host.rabbit, "mongod": host.mongo}[name] for name in names if name in SERVERS]
    for server in servers:
        server.kill()
    for name in names:
        if name not in SERVERS:
            host.kill(name)
    time.sleep(PAUSE)
    for server in servers:
        server.start()
    host.start()


@pytest.mark.slow
def test_nothing_accepted_is_lost_and_nothing_runs_twice(host, kind, tmp_path):
    marker = tmp_path / "marker"
    api = Api(host)
    mark = {"cmd": f"echo $ST2_ACTION_EXECUTION_ID >> {marker}"}
    clients = [executions(api, action, mark, pause) for action, pause in ACTIONS.items()]
    hooks = webhooks(api, "mark", mark, HOOK_PAUSE)
    for load in (*clients, hooks):
        load.start()
    for names in KILLS[kind]:
        time.sleep(PAUSE)
        kill_and_restart(host, names)
    time.sleep(PAUSE)
    for load in (*clients, hooks):
        load.stop()
    found = wait_for_the_end(host, api, RUNS_SENSORS[kind])

    assert [strange for load in (*clients, hooks) for strange in load.strange] == []
    accepted = {identifier for load in clients for identifier in load.accepted}
    assert len(accepted) > 50
    assert accepted <= set(found.executions)
    check_runs(found, marker.read_text().split())
    check_chains(found)
    check_numbers(found.of_type(WEBHOOK_TYPE), lambda event: event.payload["body"]["number"], hooks.accepted)
    taken = (tmp_path / "packs" / "marks" / "taken").read_text().split()
    check_numbers(found.of_type("marks.number"), lambda event: event.payload["number"], taken)
    check_consequences(found)
    for rule in RULES:
        check_enforcements(found, rule)


def wait_for_the_end(host, api, container):
    """Stop what begins by itself, wait until all has ended, and return what is there."""
    deadline = time.monotonic() + PATIENCE
    api.change("/sensortypes/marks.Counter", enabled=False)
    while "Sensor marks.Counter is stopped" not in host.log(container):
        assert time.monotonic() < deadline, "the sensor runs on"
        time.sleep(0.1)
    with contextlib.closing(open_store(host.database_url)) as store:
        quiet = timestamps.now()
        earlier = (*IS_PENDING, Range("occurrence_time", lte=quiet))  # later ones come as long as there is the timer
        time.sleep(0.5)  # for what has occurred by then, and is on its way into the store
        progress = Progress()
        while left := store.count(TriggerInstance, earlier):
            progress.check(-left, "trigger instances wait")
            time.sleep(0.5)
        api.delete("/rules/marks.tick")
        progress = Progress()
        while waiting := unfinished(store):
            progress.check(store.count(Execution, HAS_ENDED), waiting)
            time.sleep(0.5)
        return Found(
            {execution.id: execution for execution in store.find(Execution, large=False)},
            store.find(TriggerInstance),
            store.find(RuleEnforcement),
            quiet,
        )


class Progress:
    """Has patience as long as more is done: how fast that goes is up to the host."""

    def __init__(self):
        self._most, self._deadline = float("-inf"), 0.0

    def check(self, done, waiting):
        """Fail if no more was done for a long time; `waiting` says what was not."""
        if done > self._most:
            self._most, self._deadline = done, time.monotonic() + PATIENCE
        assert time.monotonic() < self._deadline, waiting


def unfinished(store):
    """How many of which are not done with; empty in the end."""
    going_on = tuple(set(statuses.ALL) - statuses.COMPLETED)
    begun = store.count(Execution, (Range("start_timestamp", gt=""),))
    counts = {
        "pending trigger instances": store.count(TriggerInstance, IS_PENDING),
        **{f"executions {status}": store.count(Execution, (Equal("status", status),)) for status in going_on},
        "executions nobody was told of": begun - store.count(TriggerInstance, (Equal("trigger_type", ACTION_TRIGGER),)),
    }
    return {what: count for what, count in counts.items() if count}


def check_runs(found, runs):
    """What succeeded ran once, what was abandoned at most once, and there is no other end."""
    assert len(runs) == len(set(runs)), "an action ran twice"
    assert set(runs) <= set(found.executions)
    ends = {}
    for execution in found.executions.values():
        if execution.runner_name != "action-chain":
            ends.setdefault(execution.status, []).append(execution)
    assert set(ends) <= {"succeeded", "abandoned"}
    assert {e.id for e in ends["succeeded"] if e.runner_name != "noop"} <= set(runs)
    assert len(ends["succeeded"]) > len(ends.get("abandoned", ()))


def check_chains(found):
    """Each chain went on from where it was, and failed only where a task of it was abandoned."""
    tasks = {}
    for execution in found.executions.values():
        if execution.parent:
            tasks.setdefault(execution.parent, []).append(execution.status)
    chains = [e for e in found.executions.values() if e.runner_name == "action-chain"]
    assert len(chains) > 10
    for chain in chains:
        assert (chain.status, sorted(tasks[chain.id])) in (
            ("succeeded", ["succeeded", "succeeded"]),
            ("failed", ["abandoned"]),
            ("failed", ["abandoned", "succeeded"]),
        )


def check_numbers(events, number_of, accepted):
    """What was accepted is stored, and nothing is stored twice."""
    numbers = [number_of(event) for event in events]
    assert len(numbers) == len(set(numbers))
    assert len(accepted) > 10
    assert set(accepted) <= set(numbers)


def check_consequences(found):
    """Each end was told once, to rules and by notification; each second was told once at most."""
    assert {event.status for event in found.events} == {"processed"}
    told = Counter(event.payload["execution_id"] for event in found.of_type(ACTION_TRIGGER))
    assert told == Counter(list(found.executions))
    noted = [e.id for e in found.executions.values() if e.action_ref == "marks.noted"]
    assert len(noted) > 5
    assert Counter(event.payload["execution_id"] for event in found.of_type(NOTIFY_TRIGGER)) == Counter(noted)
    ticks = Counter(time_of(event.id) for event in found.of_type(INTERVAL))
    assert len(ticks) > 5
    assert set(ticks.values()) == {1}


def check_enforcements(found, rule):
    """Each event that a rule matches was enforced once, and led to one execution."""
    enforcements = [enforcement for enforcement in found.enforcements if enforcement.rule["ref"] == rule]
    assert {enforcement.status for enforcement in enforcements} == {"succeeded"}
    enforced = [enforcement.trigger_instance_id for enforcement in enforcements]
    matching = [event.id for event in found.events if RULES[rule](event)]
    if rule == "marks.tick":  # the last ones met the removal of their rule
        late = {event.id for event in found.events if event.occurrence_time > found.quiet}
        matching = [identifier for identifier in matching if identifier not in late or identifier in enforced]
    assert sorted(enforced) == sorted(matching)
    caused = {e.id: e.trigger_instance["id"] for e in found.executions.values() if (e.rule or {}).get("ref") == rule}
    assert sorted(caused.values()) == sorted(matching)
    assert {enforcement.execution_id for enforcement in enforcements} == set(caused)

"""The collector as a service, and the commands that purge by hand."""

import time

import pytest

from st2lite.commands import purge
from st2lite.config.schema import Config, Database, Messaging
from st2lite.config.schema import GarbageCollector as Options
from st2lite.executions.transitions import set_result
from st2lite.models.execution import Execution, LogEntry
from st2lite.models.ids import new_id, timed_id
from st2lite.models.timestamps import from_epoch
from st2lite.models.trigger import WEBHOOK_TYPE, Trigger, TriggerInstance
from st2lite.services import garbagecollector
from st2lite.services.context import AppContext
from st2lite.services.garbagecollector import GarbageCollector
from tests.processes import PATIENCE

OLD = from_epoch(time.time() - 40 * 86400)


@pytest.fixture
def context(tmp_path):
    opened = []

    def context(**options):
        config = Config(
            database=Database(host=f"sqlite://{tmp_path / 'st2.db'}"),
            messaging=Messaging(url="memory://"),
            garbagecollector=Options(**options),
        )
        opened.append(AppContext(config))
        opened[-1].connect()
        return opened[-1]

    yield context
    for each in opened:
        each.close()


def keep(store, status="succeeded", runner="noop", start=OLD, end=OLD, result=None):
    execution = Execution(
        id=new_id(), action_ref="core.noop", action_snapshot="a", runner_name=runner, runner_snapshot="r",
        liveaction_id=new_id(), start_timestamp=start, end_timestamp=end, status=status, log=[LogEntry(start, status)],
    )  # fmt: skip
    if result is not None:
        set_result(execution, result)
    store.insert(execution)
    return execution


def wait_until(check):
    deadline = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(garbagecollector, "EXPIRY_INTERVAL", 0.02)
    monkeypatch.setattr(garbagecollector, "FIRST_ROUND", 0.0)


def test_the_service_removes_what_is_old_and_says_so(context, quick, caplog):
    caplog.set_level("INFO")
    opened = context()
    keep(opened.store)
    service = GarbageCollector(opened)
    service.start()
    wait_until(lambda: not opened.store.count(Execution))
    wait_until(lambda: "Removed old 1 executions." in caplog.text)
    service.stop()


def test_the_service_removes_triggers_whose_rule_never_came(context, quick, caplog):
    caplog.set_level("INFO")
    opened = context()
    hours_ago = time.time() - 2 * garbagecollector.SOON
    for number, made in enumerate((hours_ago, time.time())):
        trigger = Trigger(
            id=timed_id(made, str(number)), name=str(number), pack="core", type=WEBHOOK_TYPE,
            parameters={"url": str(number)}, for_rules=True,
        )  # fmt: skip
        opened.store.insert(trigger)
    service = GarbageCollector(opened)
    service.start()
    wait_until(lambda: "Removed unused 1 triggers." in caplog.text)
    service.stop()
    assert [trigger.name for trigger in opened.store.find(Trigger)] == ["1"]


def test_switched_off_it_keeps_what_is_old_and_still_ends_inquiries(context, quick):
    opened = context(enable=False)
    kept = keep(opened.store)
    question = {"schema": {}, "users": [], "roles": [], "route": "", "ttl": 1}
    asked = keep(opened.store, "pending", "inquirer", end=None, result=question)
    service = GarbageCollector(opened)
    service.start()
    wait_until(lambda: opened.store.get(Execution, asked.id).status == "timeout")
    service.stop()
    assert opened.store.get(Execution, kept.id) is not None


def test_inquiries_are_left_open_if_so_configured(context, quick):
    opened = context(enable=True, purge_inquiries=False)
    question = {"schema": {}, "users": [], "roles": [], "route": "", "ttl": 1}
    asked = keep(opened.store, "pending", "inquirer", end=None, result=question)
    old = keep(opened.store)
    service = GarbageCollector(opened)
    service.start()
    wait_until(lambda: opened.store.get(Execution, old.id) is None)
    service.stop()
    assert opened.store.get(Execution, asked.id).status == "pending"


@pytest.fixture
def config_file(tmp_path):
    path = tmp_path / "st2.conf"
    path.write_text(f"[database]\nhost = sqlite://{tmp_path / 'st2.db'}\n[messaging]\nurl = memory://\n")
    return str(path)


def test_purging_executions_by_hand(context, config_file, capsys):
    store = context().store
    keep(store)
    running = keep(store, "running", end=None)
    base = ["--config-file", config_file, "--timestamp", "2026-01-31T12:00:00Z"]
    assert purge.executions(base) == 0
    assert "0 executions" in capsys.readouterr().out
    base[-1] = from_epoch(time.time())
    assert purge.executions([*base, "--dry-run"]) == 0
    assert "1 executions older than" in capsys.readouterr().out
    assert purge.executions([*base, "--action-ref", "core.other"]) == 0
    assert store.count(Execution) == 2
    assert purge.executions(base) == 0
    assert [execution.id for execution in store.find(Execution)] == [running.id]
    assert purge.executions([*base, "--purge-incomplete"]) == 0
    assert store.count(Execution) == 0


def test_purging_trigger_instances_by_hand(context, config_file, capsys):
    store = context().store
    for status in ("processed", "pending"):
        store.insert(TriggerInstance(trigger="t", trigger_type="t", occurrence_time=OLD, status=status))
    base = ["--config-file", config_file, "--timestamp", from_epoch(time.time())]
    assert purge.trigger_instances([*base, "--dry-run"]) == 0
    assert "1 trigger instances" in capsys.readouterr().out
    assert purge.trigger_instances(base) == 0
    assert [each.status for each in store.find(TriggerInstance)] == ["pending"]
    assert purge.trigger_instances([*base, "--purge-incomplete"]) == 0
    assert store.count(TriggerInstance) == 0


def test_a_time_that_is_none_is_told_without_a_traceback(config_file, capsys):
    assert purge.executions(["--config-file", config_file, "--timestamp", "yesterday"]) == 2
    assert "--timestamp" in capsys.readouterr().err

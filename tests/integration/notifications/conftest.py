"""A process on a real SQLite store with the system packs registered, and executions that end as a test says."""

import shutil
import threading
import time

import pytest

from st2lite.config.schema import Config, Database, KeyValue, Messaging, Notifier, System
from st2lite.content.locations import PackLocations
from st2lite.content.registrar import Registrar
from st2lite.executions import events
from st2lite.executions.transitions import change_status, set_result
from st2lite.models.execution import Execution
from st2lite.models.rule import Rule
from st2lite.models.trigger import TriggerInstance
from st2lite.rendering.crypto import generate_key_file
from st2lite.services.context import AppContext
from st2lite.storage.contract import Equal
from st2lite.storage.open import open_store
from tests.processes import PATIENCE


@pytest.fixture(scope="session")
def database(tmp_path_factory):
    """A database file in which the packs that come with the product are registered."""
    path = tmp_path_factory.mktemp("notifications") / "st2.db"
    store = open_store(f"sqlite://{path}")
    store.ensure_schema()
    Registrar(store, PackLocations(None, [])).register(["runners", "triggers", "actions"])
    store.close()
    return path


@pytest.fixture
def open_context(database, tmp_path):
    """Open the context of a process on the test's database, with sections of the configuration as given."""
    shutil.copy(database, tmp_path / "st2.db")
    generate_key_file(tmp_path / "key.json")
    opened = []

    def open_context(**sections):
        config = Config(
            **{
                "database": Database(host=f"sqlite://{tmp_path / 'st2.db'}"),
                "messaging": Messaging(url="memory://"),
                "system": System(base_path=str(tmp_path)),
                "keyvalue": KeyValue(encryption_key_path=str(tmp_path / "key.json")),
                "notifier": Notifier(rescheduling_interval=0.1),
                **sections,
            }
        )
        opened.append(AppContext(config))
        opened[-1].connect()
        return opened[-1]

    yield open_context
    for context in reversed(opened):
        context.close()


@pytest.fixture
def context(open_context):
    return open_context()


@pytest.fixture
def request_execution(context):
    """Request an execution: `core.local` unless told otherwise."""

    def request(action="core.local", parameters=None, **more):
        given = {"cmd": "date"} if parameters is None else parameters
        return context.executions.request(action, given, "stanley", **more)

    return request


@pytest.fixture
def end(context):
    """Write the end of an execution, and tell it unless told not to; return it as the message carries it."""

    def end(execution, status="succeeded", result=None, told=False):
        current = context.store.get(Execution, execution.id)
        change_status(current, status)
        set_result(current, {"stdout": "hello"} if result is None else result)
        context.store.replace(current)
        if told:
            events.announce_end(context.bus, current)
        return events._light(current)

    return end


@pytest.fixture
def listen(context):
    """Make an enabled rule for a trigger."""

    def listen(trigger, **attributes):
        rule = Rule(
            name=f"on_{trigger.replace('.', '_')}",
            enabled=attributes.pop("enabled", True),
            trigger={"type": trigger, "ref": trigger, "parameters": {}},
            action={"ref": "core.noop", "parameters": {}},
        )
        context.store.insert(rule)
        return rule

    return listen


@pytest.fixture
def instances(context):
    """Instances of a trigger, in the order of their making."""

    def instances(trigger):
        found = context.store.find(TriggerInstance, (Equal("trigger", trigger),))
        return sorted(found, key=lambda instance: instance.occurrence_time)

    return instances


def eventually(check):
    """Wait until `check` returns something true, and return that."""
    deadline = time.monotonic() + PATIENCE
    while not (found := check()):
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.01)
    return found

"""st2timersengine as a service: it fires, unless the configuration says that this host is not to."""

import threading
import time

import pytest

from st2lite.config.schema import Config, Database, Messaging, Timer
from st2lite.models.trigger import Trigger, TriggerInstance
from st2lite.services.context import AppContext
from st2lite.services.timersengine import TimersEngine
from tests.processes import PATIENCE


@pytest.mark.parametrize("enable", [True, False])
def test_timers_run_where_they_are_enabled(tmp_path, enable):
    config = Config(
        database=Database(host=f"sqlite://{tmp_path / 'st2.db'}"),
        messaging=Messaging(url="memory://"),
        timer=Timer(enable=enable, local_timezone="UTC"),
    )
    context = AppContext(config)
    context.connect()
    parameters = {"unit": "seconds", "delta": 1}
    context.store.insert(Trigger(name="tick", pack="core", type="core.st2.IntervalTimer", parameters=parameters))
    engine = TimersEngine(context)
    engine.start()
    try:
        assert ("timers" in {thread.name for thread in threading.enumerate()}) is enable
        deadline = time.monotonic() + PATIENCE
        while enable and not context.store.count(TriggerInstance):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        engine.stop()
        context.close()

"""Content that another process has just written or removed is not what this one remembers of it."""

import pytest

from st2lite.content.installation.removal import unload
from st2lite.content.triggers import Triggers
from st2lite.content.upsert import upsert
from st2lite.models.action import Action
from st2lite.models.trigger import Trigger, TriggerType
from st2lite.storage.cached import CachedStore
from st2lite.storage.contract import Equal, find_one
from st2lite.storage.lookups import get_named

OURS = [Equal("pack", "weather")]


@pytest.fixture
def ours(store):
    """The store of this process, in which time stands still: what it remembers, it remembers for ever."""
    return CachedStore(store, lambda: 0.0)


def action(name):
    return Action(name=name, pack="weather", runner_type="noop")


@pytest.fixture
def remembered(store, ours):
    store.insert(action("first"))
    assert len(ours.find(Action, OURS)) == 1
    return ours


def test_registering_what_another_process_has_registered_meanwhile(store, remembered):
    store.insert(action("second"))
    upsert(remembered, Action, [action("first"), action("second")], lambda each: each.name, OURS)
    assert store.count(Action) == 2


def test_unloading_what_another_process_has_registered_meanwhile(store, remembered):
    store.insert(action("second"))
    assert unload(remembered, Triggers(remembered), "weather")["actions"] == 2
    assert store.count(Action) == 0


def test_a_change_is_made_to_what_another_process_has_changed(store, remembered):
    changed = find_one(store, Action, Equal("name", "first"))
    changed.enabled = False
    store.replace(changed)
    assert get_named(remembered, Action, "weather.first").rev == changed.rev
    assert get_named(remembered, Action, changed.id).rev == changed.rev


def test_a_rule_gets_a_trigger_that_another_process_has_removed(store, ours):
    store.insert(TriggerType(name="rain", pack="weather"))
    trigger = Triggers(ours).for_rule("weather.rain", {"heavy": True})
    assert find_one(ours, Trigger, Equal("ref", trigger.ref)) is not None
    store.delete(Trigger, trigger.id)
    again = Triggers(ours).for_rule("weather.rain", {"heavy": True})
    assert store.get(Trigger, again.id) is not None

"""Triggers whose rule never came: the process died between the two."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from st2lite.content.triggers import Triggers
from st2lite.models.rule import Rule
from st2lite.models.trigger import Trigger, TriggerType
from st2lite.storage.contract import Store
from st2lite.storage.open import open_store

HOUR = 3600.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite://{tmp_path}/st2.db")
    store.ensure_schema()
    store.insert(TriggerType(name="rain", pack="weather"))
    yield store
    store.close()


@pytest.fixture
def triggers(store: Store) -> Triggers:
    return Triggers(store)


def refs(store: Store) -> set[str]:
    return {trigger.ref for trigger in store.find(Trigger)}


def test_only_what_came_with_a_rule_and_is_old_goes(store: Store, triggers: Triggers) -> None:
    left = triggers.for_rule("weather.rain", {"town": "left"})
    shadow = triggers.for_rule("weather.rain", {})
    used = triggers.for_rule("weather.rain", {"town": "used"})
    rule = Rule(name="r", pack="weather", trigger={"type": used.type, "ref": used.ref}, action={"ref": "core.noop"})
    store.insert(rule)
    asked_for = triggers.for_anybody("weather.rain", {"town": "asked for"})
    old = Trigger(name="old", pack="weather", type="weather.rain", parameters={"town": "of an older release"})
    store.insert(old)
    kept = {trigger.ref for trigger in (shadow, used, asked_for, old)}

    assert triggers.remove_unused(time.time() - HOUR) == 0
    assert refs(store) == {left.ref, *kept}
    assert triggers.remove_unused(time.time() + HOUR) == 1
    assert refs(store) == kept
    assert triggers.for_rule("weather.rain", {"town": "left"}).ref == left.ref  # when somebody tries the rule again


def test_what_somebody_asks_for_later_is_kept(store: Store, triggers: Triggers) -> None:
    made = triggers.for_rule("weather.rain", {"town": "x"})
    assert triggers.for_anybody("weather.rain", {"town": "x"}).id == made.id
    assert triggers.remove_unused(time.time() + HOUR) == 0
    assert refs(store) == {made.ref}

"""Rules that follow the datastore hear of every write, and of no secret."""

import pytest

from st2lite.models.datastore import KeyValuePair
from st2lite.models.errors import NotFound, StoreUnavailable
from st2lite.models.trigger import KEY_TRIGGERS
from st2lite.storage.contract import Equal, find_one

CREATE, UPDATE, CHANGE, DELETE = (f"{KEY_TRIGGERS}.{name}" for name in ("create", "update", "value_change", "delete"))


@pytest.fixture
def keys(context, listen):
    for trigger in (CREATE, UPDATE, CHANGE, DELETE):
        listen(trigger)
    return context.keys


@pytest.fixture
def payloads(instances):
    def payloads(trigger):
        return [instance.payload for instance in instances(trigger)]

    return payloads


def test_the_life_of_an_item(keys, payloads):
    made = keys.set("ann", "a", "1")
    same = keys.set("ann", "a", "1", description="one")
    changed = keys.set("ann", "a", "2")
    keys.delete("ann", "a")
    assert payloads(CREATE) == [{"object": made}]
    assert payloads(UPDATE) == [{"object": same}, {"object": changed}]
    assert payloads(CHANGE) == [{"old_object": same, "new_object": changed}]
    assert payloads(DELETE) == [{"object": changed}]


def test_secret_values_stay_encrypted(keys, payloads):
    keys.set("ann", "a", "open sesame", secret=True)
    keys.set("ann", "a", "simsim", secret=True)
    (made,), (change,) = payloads(CREATE), payloads(CHANGE)
    assert made["object"]["encrypted"] is True
    assert made["object"]["value"] == change["old_object"]["value"]
    assert "sesame" not in str([made, change])
    assert "simsim" not in str([made, change])


def test_items_of_users_are_told_with_their_user(keys, payloads):
    keys.set("ann", "a", "1", "user")
    (payload,) = payloads(CREATE)
    assert (payload["object"]["user"], payload["object"]["name"]) == ("ann", "a")


def test_an_item_that_had_expired_is_a_new_one(context, keys, payloads):
    keys.set("ann", "a", "1", ttl=60)
    item = find_one(context.store, KeyValuePair, Equal("name", "a"))
    item.expire_timestamp = "2020-01-01T00:00:00.000000Z"
    context.store.replace(item)
    keys.set("ann", "a", "2")
    assert [payload["object"]["value"] for payload in payloads(CREATE)] == ["1", "2"]
    assert payloads(UPDATE) == payloads(CHANGE) == []


def test_deleting_what_is_not_there_is_no_event(keys, payloads):
    with pytest.raises(NotFound):
        keys.delete("ann", "a")
    assert payloads(DELETE) == []


def test_without_a_rule_nothing_is_stored(context, payloads):
    context.keys.set("ann", "a", "1")
    context.keys.delete("ann", "a")
    assert payloads(CREATE) == payloads(DELETE) == []


def test_only_the_triggers_that_rules_listen_for_are_emitted(context, listen, payloads):
    listen(CHANGE)
    context.keys.set("ann", "a", "1")
    context.keys.set("ann", "a", "2")
    assert len(payloads(CHANGE)) == 1
    assert payloads(CREATE) == payloads(UPDATE) == []


def test_a_write_stands_when_it_cannot_be_told(context, keys, monkeypatch, caplog):
    def refuse(*_args, **_options):
        raise StoreUnavailable("away")

    monkeypatch.setattr(context.dispatcher, "dispatch_type", refuse)
    assert keys.set("ann", "a", "1")["value"] == "1"
    assert keys.get("ann", "a")["value"] == "1"
    assert "key_value_pair.create: away" in caplog.text

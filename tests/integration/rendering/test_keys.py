"""The datastore as the API serves it."""

import threading
import time

import pytest

from st2lite.models.datastore import KeyValuePair
from st2lite.models.errors import Forbidden, InvalidInput, NotFound
from st2lite.models.timestamps import from_epoch
from st2lite.rendering.crypto import KeyRing
from st2lite.rendering.keys import Keys
from st2lite.storage.contract import Order


@pytest.fixture
def keys(store, ring):
    return Keys(store, ring)


def names(rows):
    return [row["name"] for row in rows]


def test_set_get_delete_in_the_system_scope(keys):
    created = keys.set("jane", "a.b:c", "1")
    assert created == {
        "id": created["id"],
        "uid": "key_value_pair:st2kv.system:a.b:c",
        "name": "a.b:c",
        "value": "1",
        "secret": False,
        "encrypted": False,
        "scope": "st2kv.system",
    }
    assert keys.get("bob", "a.b:c") == created
    assert keys.set("bob", "a.b:c", "2")["id"] == created["id"]
    assert keys.get("jane", "a.b:c", "st2kv.system")["value"] == "2"
    keys.delete("jane", "a.b:c")
    with pytest.raises(NotFound, match=r"KeyValuePair with name: a.b:c and scope: st2kv.system not found in db."):
        keys.get("jane", "a.b:c")
    with pytest.raises(NotFound):
        keys.delete("jane", "a.b:c")


def test_users_have_items_of_their_own(keys):
    keys.set("jane", "x", "of jane", "user")
    keys.set("bob", "x", "of bob", user="bob")
    row = keys.get("jane", "x", user="jane")
    assert (row["name"], row["user"], row["scope"], row["value"]) == ("x", "jane", "st2kv.user", "of jane")
    assert row["uid"] == "key_value_pair:st2kv.user:jane:x"
    assert keys.get("bob", "x", "st2kv.user")["value"] == "of bob"
    with pytest.raises(NotFound, match=r"scope: st2kv.system"):
        keys.get("jane", "x")


@pytest.mark.parametrize("call", ["list", "get", "set", "delete"])
def test_nobody_acts_for_another_user(keys, call):
    arguments = {"list": (), "get": ("x",), "set": ("x", "1"), "delete": ("x",)}[call]
    with pytest.raises(Forbidden, match='"user" attribute can only be provided by admins'):
        getattr(keys, call)("jane", *arguments, user="bob")


def test_list(keys):
    for name in ("b", "a", "c.x", "c.y"):
        keys.set("jane", name, name)
    keys.set("jane", "c.u", "mine", "user")
    keys.set("bob", "c.u", "not mine", "user")
    assert names(keys.list("jane")) == ["b", "a", "c.x", "c.y"], "in the order of creation"
    assert names(keys.list("jane", order=[Order("name")])) == ["a", "b", "c.x", "c.y"]
    assert names(keys.list("jane", prefix="c.")) == ["c.x", "c.y"]
    assert names(keys.list("jane", limit=2, offset=1)) == ["a", "c.x"]
    assert names(keys.list("jane", name="a")) == ["a"]
    assert names(keys.list("jane", ids=[keys.get("jane", "b")["id"]])) == ["b"]
    assert [(row["name"], row["value"]) for row in keys.list("jane", "user")] == [("c.u", "mine")]
    assert names(keys.list("jane", "user", prefix="c")) == ["c.u"]
    assert names(keys.list("jane", "user", prefix="d")) == []
    assert names(keys.list("jane", "all", limit=1)) == ["b", "c.u"], "each scope has the limit for itself"
    assert names(keys.list("jane", "all", name="c.u")) == ["c.u"]


def test_a_user_whose_name_starts_like_anothers(keys):
    keys.set("jan", "x", "1", "user")
    keys.set("jane", "x", "2", "user")
    assert [row["value"] for row in keys.list("jan", "user")] == ["1"]


def test_secrets_are_encrypted_and_shown_so_unless_asked(keys, store, ring):
    shown = keys.set("jane", "pw", "s3cret", secret=True)
    assert (shown["secret"], shown["encrypted"]) == (True, True)
    assert ring.decrypt(shown["value"]) == "s3cret"
    assert "s3cret" not in str(store.find(KeyValuePair))
    assert keys.get("jane", "pw")["value"] == shown["value"]
    plain = keys.get("jane", "pw", decrypt=True)
    assert (plain["value"], plain["secret"], plain["encrypted"]) == ("s3cret", True, False)
    assert [row["value"] for row in keys.list("jane", decrypt=True)] == ["s3cret"]
    assert keys.set("jane", "pw", "open")["encrypted"] is False
    assert keys.get("jane", "pw")["value"] == "open"


def test_values_that_are_encrypted_already(keys, ring):
    ciphertext = ring.encrypt("x")
    shown = keys.set("jane", "pw", ciphertext, encrypted=True)
    assert (shown["value"], shown["secret"]) == (ciphertext, True)
    assert keys.get("jane", "pw", decrypt=True)["value"] == "x"
    for wrong in ("x", KeyRing.generate().encrypt("x")):
        with pytest.raises(InvalidInput, match='"pw" cannot be stored as a secret'):
            keys.set("jane", "pw", wrong, encrypted=True)


def test_without_a_key_there_are_no_secrets(store, keys):
    keys.set("jane", "pw", "x", secret=True)
    keyless = Keys(store, None)
    keyless.set("jane", "plain", "x")
    for call in (lambda: keyless.set("jane", "a", "x", secret=True), lambda: keyless.get("jane", "pw", decrypt=True)):
        with pytest.raises(InvalidInput, match="No encryption key is configured"):
            call()
    with pytest.raises(InvalidInput, match=r'"pw" cannot be decrypted: .*another key'):
        Keys(store, KeyRing.generate()).get("jane", "pw", decrypt=True)


def test_time_to_live(keys, store):
    before = time.time()
    shown = keys.set("jane", "x", "1", ttl=3600)
    assert from_epoch(before + 3599) < shown["expire_timestamp"] < from_epoch(before + 3700)
    assert "expire_timestamp" not in keys.set("jane", "x", "1"), "without a ttl it stays for good"
    item = store.find(KeyValuePair)[0]
    item.expire_timestamp = from_epoch(before - 1)
    store.replace(item)
    with pytest.raises(NotFound):
        keys.get("jane", "x")
    with pytest.raises(NotFound):
        keys.delete("jane", "x")
    keys.set("jane", "y", "2")
    assert names(keys.list("jane", limit=1)) == ["y"], "expired items do not count against the limit"
    assert keys.set("jane", "x", "again")["value"] == "again"


def test_an_expired_item_can_be_set_again(keys, store):
    store.insert(KeyValuePair(name="x", value="old", expire_timestamp="2020-01-01T00:00:00.000000Z"))
    assert keys.set("jane", "x", "new")["value"] == "new"
    assert keys.get("jane", "x")["value"] == "new"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"value": 5}, 'value: the value of "x" has to be text, not int; write other values as JSON'),
        ({"value": None}, "has to be text, not NoneType"),
        ({"value": "1", "scope": "galaxy"}, "Invalid scope: galaxy"),
        ({"value": "1", "scope": "all"}, "Invalid scope: all"),
        ({"value": "1", "ttl": -1}, "ttl: has to be a whole number of seconds from 1"),
        ({"value": "1", "ttl": 10**12}, "ttl: has to be"),
        ({"value": "1", "ttl": "soon"}, "ttl: has to be"),
        ({"value": "1", "name": ""}, "name: has to be text"),
    ],
)
def test_what_is_refused(keys, arguments, text):
    with pytest.raises(InvalidInput, match=text):
        keys.set("jane", **{"name": "x", **arguments})
    assert keys.list("jane") == []


def test_a_scope_that_does_not_exist_cannot_be_listed(keys):
    with pytest.raises(InvalidInput, match="Invalid scope: x"):
        keys.list("jane", "x")


def test_many_writers_of_one_item(keys):
    failures = []

    def write(number):
        try:
            for round_ in range(5):
                keys.set("jane", "x", f"{number}-{round_}")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(keys.list("jane")) == 1

"""Datastore lookups in templates."""

import pytest

from st2lite.models.action import Action, RunnerType
from st2lite.models.datastore import USER_SCOPE, KeyValuePair
from st2lite.models.errors import RenderError
from st2lite.rendering.parameters import prepare_request, prepare_run
from st2lite.rendering.scope import RenderScope

RUNNER = RunnerType(name="r", runner_module="r")


class Counting:
    """A store that counts what is read."""

    def __init__(self, store):
        self._store = store
        self.reads = 0

    def find(self, *args, **kwargs):
        self.reads += 1
        return self._store.find(*args, **kwargs)


@pytest.fixture
def items(store, ring):
    store.insert_many(
        [
            KeyValuePair(name="plain", value="p"),
            KeyValuePair(name="dotted.name", value="d"),
            KeyValuePair(name="odd:name", value="o"),
            KeyValuePair(name="_hidden", value="h"),
            KeyValuePair(name="items", value="i"),
            KeyValuePair(name="number", value="41"),
            KeyValuePair(name="json", value='{"a": [1]}'),
            KeyValuePair(name="secret", value=ring.encrypt("s3cret"), secret=True),
            KeyValuePair(name="expired", value="e", expire_timestamp="2020-01-01T00:00:00.000000Z"),
            KeyValuePair(name="later", value="l", expire_timestamp="2999-01-01T00:00:00.000000Z"),
            KeyValuePair(name="jane:own", value="of jane", scope=USER_SCOPE),
            KeyValuePair(name="bob:own", value="of bob", scope=USER_SCOPE),
        ]
    )
    return Counting(store)


def render(items, ring, template, context=None, declared="string"):
    action = Action(name="a", pack="p", runner_type="r", parameters={"x": {"type": declared}})
    scope = RenderScope(items, ring, "jane", context or {}, dict)
    return prepare_request(action, RUNNER, {"x": template}, scope)["x"]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ st2kv.system.plain }}", "p"),
        ("{{ system.plain }}", "p"),
        ("{{ st2kv.system.dotted.name }}", "d"),
        ("{{ st2kv.system['odd:name'] }}", "o"),
        ("{{ st2kv.system['_hidden'] }}", "h"),
        ("{{ st2kv.system.items }}", "i"),
        ("{{ st2kv.system.none }}", ""),
        ("{{ st2kv.system.expired }}", ""),
        ("{{ st2kv.system.later }}", "l"),
        ("{{ st2kv.user.own }}", "of jane"),
        ("{{ st2kv.system.secret | decrypt_kv }}", "s3cret"),
        ("{{ (st2kv.system.json | from_json_string).a[0] }}", "1"),
        ("{{ st2kv.system.number | int + 1 }}", "42"),
        ("{{ st2kv.system.plain | upper ~ st2kv.system.number }}", "P41"),
        ("{{ 'a' + st2kv.system.plain + 'b' }}", "apb"),
        ("{% if st2kv.system.plain == 'p' and not st2kv.system.none %}yes{% endif %}", "yes"),
        ("{{ st2kv.system.plain is in ['p'] }} {{ '4' in st2kv.system.number }}", "True True"),
        ("{{ st2kv.system.plain | to_complex }}", '"p"'),
        ("{{ st2kv.system.number | length }}", "2"),
        ("{{ st2kv.system.none or 'fallback' }}", "fallback"),
    ],
)
def test_lookups(items, ring, template, expected):
    assert render(items, ring, template) == expected


def test_the_api_user_goes_before_the_user(items, ring):
    assert render(items, ring, "{{ st2kv.user.own }}", {"api_user": "bob", "user": "jane"}) == "of bob"


def test_items_are_cast_like_other_text(items, ring):
    assert render(items, ring, "{{ st2kv.system.number }}", declared="integer") == 41
    assert render(items, ring, "{{ st2kv.system.json }}", declared="object") == {"a": [1]}


def test_only_what_is_printed_is_read_and_only_once(items, ring):
    render(items, ring, "{{ st2kv.system.dotted.name }}{{ st2kv.system.dotted.name }}")
    assert items.reads == 1


@pytest.mark.parametrize("name", ["none", "expired"])
def test_decrypting_what_is_not_there(items, ring, name):
    text = f'Referenced datastore item "st2kv.system.{name}" doesn\'t exist or it contains an empty string'
    with pytest.raises(RenderError) as caught:
        render(items, ring, f"{{{{ st2kv.system.{name} | decrypt_kv }}}}")
    assert text in caught.value.message


def test_other_scopes_do_not_exist(items, ring):
    with pytest.raises(RenderError, match="has no attribute 'other'"):
        render(items, ring, "{{ st2kv.other.x }}")


def test_the_store_cannot_be_reached_through_an_item(items, ring):
    for attack in ("st2kv.system._reader", "st2kv.system.plain.__class__", "st2kv.system.plain._reader._store"):
        with pytest.raises(RenderError, match=r"unsafe|has no attribute"):
            render(items, ring, f"{{{{ {attack}.x }}}}")


def test_decrypted_defaults_reach_the_runner_but_not_the_stored_parameters(items, ring):
    template = "{{ st2kv.system.secret | decrypt_kv }}"
    schemas = {"open": {"type": "string", "default": template}, "shut": {"default": template, "secret": True}}
    action = Action(name="a", pack="p", runner_type="r", parameters=schemas)
    scope = RenderScope(items, ring, "jane", {}, dict)
    stored = prepare_request(action, RUNNER, {}, scope)
    assert stored == {}
    assert prepare_run(action, RUNNER, stored, scope) == ({}, {"open": "s3cret", "shut": "s3cret"})

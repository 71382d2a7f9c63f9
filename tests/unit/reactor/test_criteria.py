"""Criteria held against payloads: keys, patterns, search."""

import pytest

from st2lite.models.criteria import criteria_problems
from st2lite.models.datastore import KeyValuePair
from st2lite.reactor.criteria import Criteria, CriteriaError
from st2lite.reactor.facts import Facts
from st2lite.storage.open import open_store

PAYLOAD = {
    "body": {"name": "web01", "n": 5, "tags": ["a", "b"], "nothing": None, "größe": "XL", "deep": {"x": {"y": 1}}},
    "headers": {"X-Github-Event": "push", "a.b": "dot"},
    "list": [{"x": 1, "on": True}, {"x": 2, "on": True}, {"x": 3, "on": False}],
}


@pytest.fixture
def store(tmp_path):
    store = open_store(f"sqlite://{tmp_path}/st2.db")
    store.ensure_schema()
    for name, value in {"limit": "5", "name": "web01", "a.b": "dotted", "a:b": "odd", "json": '{"x": [1]}'}.items():
        store.insert(KeyValuePair(name=name, value=value))
    yield store
    store.close()


@pytest.fixture
def match(store):
    def match(criteria, payload=PAYLOAD):
        return Criteria(criteria).mismatch(Facts.of(payload, store, None, "stanley")) is None

    return match


def one(key, operator, pattern=None, **more):
    return {key: {"type": operator, "pattern": pattern, **more}}


@pytest.mark.parametrize(
    "key, value",
    [
        ("trigger.body.name", "web01"), ("trigger.body.name#2", "web01"), (" trigger.body.n ", 5),
        ("trigger.body.deep.x.y", 1), ("trigger['body']['name']", "web01"), ("$.trigger.body.name", "web01"),
        ("trigger.headers.X-Github-Event", "push"), ("trigger.headers['X-Github-Event']", "push"),
        ("trigger.headers['a.b']", "dot"), ("trigger.list[0].x", 1), ("trigger.list[-1].x", 3),
        ("trigger.list[*].x", 1), ("trigger..y", 1), ("trigger.body.größe", "XL"), ("trigger.body.tags[1]", "b"),
        ("system.name", "web01"), ("st2kv.system.limit", "5"), ("system.a.b", "dotted"), ("system['a:b']", "odd"),
    ],
)  # fmt: skip
def test_the_key_is_a_path(match, key, value):
    assert match(one(key, "eq", value))


@pytest.mark.parametrize(
    "key",
    ["trigger.body.other", "trigger.body.name.more", "trigger.body.nothing", "trigger.list.x", "trigger.list[9]",
     "trigger.other[0]", "body.name", "system.missing", "system['no:such']", "item.x", "other"],
)  # fmt: skip
def test_what_is_not_there_is_null(match, key):
    assert match(one(key, "nexists")) and not match(one(key, "exists"))


def test_all_criteria_have_to_hold(match):
    fits, other = one("trigger.body.name", "eq", "web01"), one("trigger.body.n", "gt", 5)
    assert match(fits) and not match(other)
    assert not match({**fits, **other})


def test_a_key_can_be_used_twice(match):
    assert match({**one("trigger.body.n", "gt", 4), **one("trigger.body.n#1", "lt", 6)})
    assert not match({**one("trigger.body.n", "gt", 4), **one("trigger.body.n#1", "lt", 5)})


@pytest.mark.parametrize("payload", [{}, None, [], ""])
def test_an_empty_payload_matches_no_criteria_but_the_lack_of_any(match, payload):
    assert match({}, payload)
    assert not match(one("trigger.x", "nexists"), payload)


def test_a_criterion_without_a_type_never_holds(match):
    assert not match({"trigger.body.name": {"pattern": "web01"}})
    assert not match({"trigger.body.name": "web01"})


@pytest.mark.parametrize(
    "key, operator, pattern",
    [
        ("trigger.body.n", "eq", "{{ trigger.body.n }}"), ("trigger.body.n", "lt", "{{ trigger.body.n + 1 }}"),
        ("trigger.body.tags", "eq", "{{trigger.body.tags}}"), ("trigger.body.name", "in", "{{ ['web01', 'x'] }}"),
        ("trigger.body.n", "eq", "{{ 5 if trigger.body.name else 6 }}"), ("trigger.body.n", "eq", "{{- 5 -}}"),
        ("trigger.body.name", "eq", "{{ st2kv.system.name }}"), ("trigger.body.name", "eq", "{{ system.name }}"),
        ("trigger.body.n", "eq", "{{ st2kv.system.limit | int }}"), ("trigger.body.name", "eq", "web{{ '01' }}"),
        ("trigger.list[0].x", "in", "{{ (st2kv.system.json | from_json_string).x }}"),
        ("trigger.body.name", "regex", "^{{ trigger.body.name }}$"), ("trigger.body.größe", "eq", "{{ 'XL' }}"),
        ("trigger.body.name", "eq", "{% if 1 %}web01{% endif %}"),
        ("trigger.body.name", "eq", "{{ 'web' }}{{ '01' }}"),
    ],
)  # fmt: skip
def test_patterns_are_rendered_and_types_survive(match, key, operator, pattern):
    assert match(one(key, operator, pattern))


def test_text_of_a_number_is_no_number(match):
    assert not match(one("trigger.body.n", "eq", "{{ st2kv.system.limit }}"))


def test_a_pattern_that_is_no_text_is_taken_as_it_is(match):
    assert match(one("trigger.x", "eq", ["{{ x }}"]), {"x": ["{{ x }}"]})


def test_braces_that_are_not_jinja_are_taken_literally(match):
    assert match(one("trigger.x", "eq", "{{.Go}}"), {"x": "{{.Go}}"})


def test_what_an_event_brings_is_never_a_template(match):
    assert match(one("trigger.x", "eq", "{{ trigger.x }}"), {"x": "{{ 1 / 0 }}"})


@pytest.mark.parametrize(
    "criteria, told",
    [
        (one("trigger.body.n", "eq", "{{ trigger.body.other }}"), "cannot be rendered: 'dict object' has no attribute"),
        (one("trigger.body.n", "eq", "{{ other }}"), "'other' is undefined"),
        (one("trigger.body.n", "eq", "{{ 1 / 0 }}"), "division by zero"),
        (one("trigger.body.n", "eq", "{{ 'x' | nofilter }}"), "nofilter"),
        (one("trigger.body[", "eq", 1), "the key cannot be looked up"),
        (one("trigger.body.n", "lt", "6"), "the value cannot be compared"),
        (one("trigger.body.name", "regex", "("), "the value cannot be compared"),
        (one("trigger.body.name", "like", "x"), "there is no such operator"),
        (one("trigger.list", "search", {}, condition="some"), "condition has to be one of"),
        (one("trigger.list", "search", {}), "condition has to be one of"),
        (one("trigger.body.name", "search", {}, condition="any"), "it looks into lists, and not str"),
        (one("trigger.list", "search", "x", condition="any"), "has to be a map of criteria"),
        (one("trigger.list", "search", one("item.x", "lt", "a"), condition="any"), r'Criterion "item.x" \(lt\)'),
    ],
)
def test_a_fault_says_where_and_why(match, criteria, told):
    with pytest.raises(CriteriaError, match=told):
        match(criteria)


ON, HIGH, LOW = one("item.on", "eq", True), one("item.x", "gt", 2), one("item.x", "lt", 3)


@pytest.mark.parametrize(
    "condition, pattern, holds",
    [
        ("all", one("item.x", "gt", 0), True), ("all", ON, False), ("all", {}, True),
        ("any", ON, True), ("any", {**ON, **LOW}, True), ("any", {**ON, **HIGH}, False),
        ("all2any", {**ON, **HIGH}, True), ("all2any", {**one("item.x", "eq", 1), **HIGH}, False),
        ("any2any", {**one("item.x", "eq", 9), **HIGH}, True), ("any2any", one("item.x", "eq", 9), False),
        ("any", {**one("item.x", "gt", 1), **one("item.x#2", "lt", 3)}, True),
    ],
)  # fmt: skip
def test_search(match, condition, pattern, holds):
    criteria = one("trigger.list", "search", pattern, condition=condition)
    assert criteria_problems(criteria) == []
    assert match(criteria) is holds


@pytest.mark.parametrize("condition, holds", [("all", True), ("any", False), ("all2any", True), ("any2any", False)])
def test_search_in_an_empty_list(match, condition, holds):
    criteria = one("trigger.list", "search", one("item.x", "exists"), condition=condition)
    assert match(criteria, {"list": []}) is holds
    assert match(criteria, {"other": 1}) is False


def test_search_takes_a_map_for_a_list_of_one_and_items_may_be_scalars(match):
    assert match(one("trigger.body", "search", one("item.n", "eq", 5), condition="all"))
    assert match(one("trigger.body.tags", "search", one("item", "in", ["a", "b"]), condition="all"))


def test_patterns_within_search_see_item_payload_and_datastore(match):
    inner = {**one("item.x", "eq", "{{ item.x }}"), **one("item.x#1", "lt", "{{ trigger.body.n }}")}
    inner |= one("item.x#2", "lt", "{{ st2kv.system.limit | int }}")
    assert match(one("trigger.list", "search", inner, condition="all"))


def test_search_within_search(match):
    inner = one("item.tags", "search", one("item", "eq", "b"), condition="any")
    assert match(
        one("trigger.rows", "search", inner, condition="all"), {"rows": [{"tags": ["a", "b"]}, {"tags": ["b"]}]}
    )


def test_a_mismatch_says_what_was_compared(store):
    criteria = Criteria({**one("trigger.body.n", "gt", 1), **one("trigger.body.n#b", "lt", "{{ 1 + 1 }}")})
    mismatch = criteria.mismatch(Facts.of(PAYLOAD, store, None, "stanley"))
    assert (mismatch.key, mismatch.operator, mismatch.pattern, mismatch.value) == ("trigger.body.n#b", "lt", 2, 5)

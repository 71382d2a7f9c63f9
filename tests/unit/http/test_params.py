"""Query parameters are read as clients of StackStorm write them."""

from __future__ import annotations

import falcon
import pytest
from falcon import testing

from st2lite.http import params
from st2lite.http.params import ListSpec, Period, Selection, read_list
from st2lite.models.errors import InvalidInput
from st2lite.storage.contract import Equal, In, Order, Range

SPEC = ListSpec(
    filters={"status": "status", "timestamp": "start_timestamp"},
    sortable={"status": "status", "id": "id"},
    order=(Order("start_timestamp", descending=True),),
    excludable=frozenset({"result"}),
    timestamps=frozenset({"timestamp"}),
)
EVENTS = ListSpec(
    filters={"enabled": "enabled"}, flags=frozenset({"enabled"}), period=Period("occurrence_time", "after", "before")
)


def request(query: str) -> falcon.Request:
    return falcon.Request(testing.create_environ("/executions", query_string=query))


@pytest.mark.parametrize("word", ["true", "True", "1", "yes", "Y"])
def test_words_for_true(word: str) -> None:
    assert params.boolean(request(f"flag={word}"), "flag") is True


@pytest.mark.parametrize("word", ["false", "FALSE", "0", "no", "n"])
def test_words_for_false(word: str) -> None:
    assert params.boolean(request(f"flag={word}"), "flag", default=True) is False


def test_any_other_word_is_no_boolean() -> None:
    with pytest.raises(InvalidInput, match='Parameter "flag" is not of type boolean'):
        params.boolean(request("flag=maybe"), "flag")


@pytest.mark.parametrize("text", ["1.5", "ten", "+3", "1e3", "%D9%A1"])
def test_integers_are_digits_with_an_optional_minus(text: str) -> None:
    with pytest.raises(InvalidInput, match='Parameter "depth" is not of type integer'):
        params.integer(request(f"depth={text}"), "depth")


def test_limit_minus_one_asks_for_everything() -> None:
    assert read_list(request("limit=-1"), SPEC).limit is None


@pytest.mark.parametrize("limit", ["0", "-2", "2147483648"])
def test_limit_must_be_positive(limit: str) -> None:
    with pytest.raises(InvalidInput, match="must be a positive number"):
        read_list(request(f"limit={limit}"), SPEC)


@pytest.mark.parametrize("offset", ["-1", "2147483648"])
def test_offset_has_bounds(offset: str) -> None:
    with pytest.raises(InvalidInput, match="Offset"):
        read_list(request(f"offset={offset}"), SPEC)


@pytest.mark.parametrize("text", ["null", "NULL", "Null"])
def test_null_asks_for_rows_without_a_value(text: str) -> None:
    assert read_list(request(f"status={text}"), SPEC).filters == (Equal("status", None),)


def test_undeclared_and_empty_parameters_are_ignored() -> None:
    assert read_list(request("status=&colour=blue"), SPEC).filters == ()


def test_one_of_several_values_is_used() -> None:
    (only,) = read_list(request("status=failed&status=running"), SPEC).filters
    assert only in (Equal("status", "failed"), Equal("status", "running"))


def test_ids_are_a_comma_list() -> None:
    assert read_list(request("id=a,b, c"), SPEC).filters == (In("id", ("a", "b", "c")),)


def test_too_many_ids() -> None:
    with pytest.raises(InvalidInput, match='Parameter "id" lists 101 ids'):
        read_list(request("id=" + ",".join("a" * 101)), SPEC)


def test_timestamp_filters_are_normalised() -> None:
    assert read_list(request("timestamp=2026-01-31%2012:00:00%2B00:00"), SPEC).filters == (
        Equal("start_timestamp", "2026-01-31T12:00:00.000000Z"),
    )


def test_a_period_is_one_filter() -> None:
    assert read_list(request("after=2026-01-31T12:00:00.123Z"), EVENTS).filters == (
        Range("occurrence_time", gt="2026-01-31T12:00:00.123000Z"),
    )
    with pytest.raises(InvalidInput, match="before"):
        read_list(request("before=yesterday"), EVENTS)


def test_flags_take_yes_or_no() -> None:
    assert read_list(request("enabled=no&after="), EVENTS).filters == (Equal("enabled", False),)
    with pytest.raises(InvalidInput, match='Parameter "enabled" is not of type boolean'):
        read_list(request("enabled=null"), EVENTS)


def test_sort_replaces_the_default_and_skips_unknown_keys() -> None:
    query = read_list(request("sort=-status,colour,%2Bid"), SPEC)
    assert query.order == (Order("status", descending=True), Order("id"))
    assert read_list(request("sort=colour"), SPEC).order == SPEC.order


def test_include_and_exclude_exclude_each_other() -> None:
    with pytest.raises(InvalidInput, match="cannot be used together"):
        read_list(request("include_attributes=id&exclude_attributes=result"), SPEC)


def test_only_listed_attributes_may_be_excluded() -> None:
    assert read_list(request("exclude_attributes=result"), SPEC).selection.exclude == ("result",)
    with pytest.raises(InvalidInput, match='"parameters" cannot be excluded here'):
        read_list(request("exclude_attributes=parameters"), SPEC)


def test_dotted_paths_reach_inside_and_the_id_stays() -> None:
    view = {"id": "1", "action": {"ref": "core.noop", "pack": "core", "deep": {"a": 1, "b": 2}}, "status": "failed"}
    selection = Selection(include=("action.ref", "action.deep.b", "missing.path", "status.nothing"))
    assert selection.of(view) == {
        "id": "1",
        "action": {"ref": "core.noop", "deep": {"b": 2}},
        "status": "failed",
    }


def test_a_whole_attribute_wins_over_its_parts_and_the_view_stays_untouched() -> None:
    view = {"id": "1", "action": {"ref": "core.noop", "pack": "core"}}
    for paths in (("action", "action.ref"), ("action.ref", "action")):
        assert Selection(include=paths).of(view)["action"] == {"ref": "core.noop", "pack": "core"}
    assert view == {"id": "1", "action": {"ref": "core.noop", "pack": "core"}}


def test_excluded_attributes_are_left_out() -> None:
    assert Selection(exclude=("parameters",)).of({"id": "1", "parameters": {}}) == {"id": "1"}

"""The grammar of alias formats."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st2lite.models.alias import ActionAlias
from st2lite.models.alias_formats import compile_format, displays, representations, split_arrays
from st2lite.models.errors import InvalidInput


@pytest.mark.parametrize(
    ("source", "command", "expected"),
    [
        ("run {{ cmd }} on {{ hosts }}", "run date on localhost", {"cmd": "date", "hosts": "localhost"}),
        ("run {{cmd}} on {{hosts}}", "  run df -h on a, b  ", {"cmd": "df -h", "hosts": "a, b"}),
        ("run {{ cmd }} on {{ hosts }}", "run 'date on x' on y", {"cmd": "date on x", "hosts": "y"}),
        ("say {{ text }}", 'say "good morning"', {"text": "good morning"}),
        ("say {{ text }}", "say grüß dich", {"text": "grüß dich"}),
        ("show {{ map }}", 'show {"a": {"b": 1}}', {"map": '{"a": {"b": 1}}'}),
        ("make {{ kind=vm }}", "make", {"kind": "vm"}),
        ("make {{ kind = 'big vm' }}", "make", {"kind": "big vm"}),
        ("make {{ kind=vm }}", "make disk", {"kind": "disk"}),
        ('make {{ kind=vm }} {{ n="" }}', "make", {"kind": "vm", "n": ""}),
        ('make {{ kind=vm }} {{ n="" }}', "make disk 3", {"kind": "disk", "n": "3"}),
        ("{{ count=1 }} beer", "beer", {"count": "1"}),
        ("{{ count=1 }} beer", "2 beer", {"count": "2"}),
        ("deploy (?P<env>dev|prod)", "deploy prod", {"env": "prod"}),
        ("(please )?deploy {{ what }}", "please deploy it", {"what": "it"}),
        ("^exactly$", "exactly", {}),
        (
            "run {{ cmd }}",
            "run date timeout=5 sudo='yes please'",
            {"cmd": "date", "timeout": "5", "sudo": "yes please"},
        ),
        ("run {{ cmd=date }}", "run cmd=ls", {"cmd": "ls"}),
        ("set key={{ value }}", "set key=7", {"value": "7"}),
        ("set key={{ value }}", "set key=7 ttl=9", {"value": "7", "ttl": "9"}),
        ("run {{ cmd }}", 'run date env={"A": "b"}', {"cmd": "date", "env": '{"A": "b"}'}),
    ],
)
def test_parameters(source: str, command: str, expected: dict[str, str]) -> None:
    assert compile_format(source).parameters(command) == expected


@pytest.mark.parametrize(
    ("source", "command"),
    [
        ("run {{ cmd }} on {{ hosts }}", "run date"),
        ("make {{ kind=vm }}", "makevm"),
        ("^exactly$", "exactly that"),
        ("Run it", "run it"),
        ("run {{ cmd }}", "run " + "x" * 20_000),
    ],
)
def test_no_match(source: str, command: str) -> None:
    assert not compile_format(source).matches(command)
    with pytest.raises(InvalidInput, match=r"doesn't match format string"):
        compile_format(source).parameters(command)


def test_nothing_to_go_by() -> None:
    with pytest.raises(InvalidInput, match="No value supplied and no default value found"):
        compile_format('ask {{ what="" }}').parameters("ask")


def test_every_occurrence() -> None:
    found = compile_format("ticket {{ id }}").all_parameters("see ticket 17 and ticket 23, please")
    assert [match["id"] for match in found] == ["17", "23,"]


def test_a_broken_expression_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"\"a \(\" is not valid"):
        compile_format("a (")


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc", "Z"), exclude_characters="\"'{="), min_size=1))
def test_a_word_comes_back_as_it_was_said(word: str) -> None:
    assert compile_format("say {{ word }}").parameters(f"say {word}") == {"word": word}


def test_representations() -> None:
    alias = ActionAlias(
        name="a",
        pack="p",
        action_ref="p.a",
        formats=[
            "plain",
            {"display": "shown", "representation": ["one", "two"]},
            {"display": "only shown"},
            {"representation": "many", "match_multiple": True},
        ],
    )
    assert [(r.display, r.format, r.match_multiple) for r in representations(alias)] == [
        ("plain", "plain", False),
        ("shown", "one", False),
        ("shown", "two", False),
        ("many", "many", True),
    ]
    assert list(displays(alias)) == ["plain", "shown", "only shown"]


def test_arrays_are_split_at_commas() -> None:
    schemas = {"hosts": {"type": "array"}, "text": {"type": "string"}}
    given_values = {"hosts": "a, b", "text": "a, b", "other": "a, b"}
    assert split_arrays(given_values, schemas) == {"hosts": ["a", "b"], "text": "a, b", "other": "a, b"}
    assert split_arrays({"hosts": '["a"]'}, schemas) == {"hosts": '["a"]'}

"""Regular expressions of other people: what they mean, and that none of them takes for ever."""

import re
import subprocess
import sys
import threading

import pytest

from st2lite.models import alias_formats, patterns
from st2lite.models.alias_formats import AliasFormat
from st2lite.models.criteria import criteria_problems
from st2lite.models.errors import InvalidInput
from st2lite.models.patterns import SlowPattern, compile_pattern
from st2lite.models.schemas import value_problems
from st2lite.reactor.operators import OPERATOR_OF
from st2lite.rendering.environment import compile_template

ENDLESS, TEXT = r"(?:a|aa)+$", "a" * 60 + "!"


@pytest.fixture(autouse=True)
def limit(monkeypatch):
    """Patience for tests."""
    for module in (patterns, alias_formats):
        monkeypatch.setattr(module, "LIMIT", 0.1)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"web\d+", "on web12 now"),
        (r"(\w+)\s(\w+)", "one two three four"),
        (r"^a|b$", "cab"),
        (r"(?i)HOST-(?P<n>\d{1,3})", "host-7, Host-12"),
        (r"(a)?(b)?c", "xbc"),
        (r".*", "line one\nline two"),
        (r"\bé\w*", "café été"),
        (r"(?:x{2,3}|y)+?z", "xxyz"),
        (r"[^\W\d_]+", "a1_b"),
        (r"(?<=-)\w+$", "spam-egg\n"),
    ],
)
@pytest.mark.parametrize("filling", ["", " " * 5000])
def test_an_expression_means_what_it_means_in_python(source, text, filling):
    made, expected, text = compile_pattern(source), re.compile(source), text + filling
    for ours, theirs in ((made.search(text), expected.search(text)), (made.match(text), expected.match(text))):
        assert (ours and (ours.span(), ours.groupdict())) == (theirs and (theirs.span(), theirs.groupdict()))
    assert made.findall(text) == expected.findall(text)
    assert [match.span() for match in made.all(text)] == [match.span() for match in expected.finditer(text)]
    assert made.sub(r"<\g<0>>", text) == expected.sub(r"<\g<0>>", text)


def test_an_expression_that_never_ends_is_given_up_and_leaves_other_threads_alone():
    faults = []

    def match():
        with pytest.raises(SlowPattern, match=r"more than 0\.1 s for a text of 61 characters") as caught:
            compile_pattern(ENDLESS).search(TEXT)
        faults.append(caught.value)

    other = threading.Thread(target=match)
    other.start()
    rounds = 0
    while other.is_alive():
        rounds += 1
        other.join(0.001)
    assert faults
    assert rounds > 3


@pytest.mark.parametrize("operator", ["regex", "iregex", "matchregex"])
def test_such_a_criterion_is_a_fault_of_its_rule(operator):
    with pytest.raises(ValueError, match="repetitions"):
        OPERATOR_OF[operator](TEXT, ENDLESS)


def test_such_a_filter_is_a_fault_of_its_template():
    template = compile_template("{{ text | regex_replace('(?:a|aa)+$', '') }}")
    with pytest.raises(InvalidInput, match="repetitions"):
        template.render({"text": TEXT})


def test_such_a_schema_refuses_the_value():
    with pytest.raises(InvalidInput, match="repetitions"):
        value_problems("name", TEXT, {"type": "string", "pattern": ENDLESS})


@pytest.mark.parametrize("command", ["do a" + " a x" * 3000, "do " + 'a="' * 5000, "do " + "a=1 " * 4000, " " * 16000])
def test_no_command_keeps_a_format_busy_for_long(command):
    try:
        assert not AliasFormat("do {{ a }} {{ b }} {{ c }} {{ d }} now").matches(command)
    except SlowPattern as error:
        assert "takes more than" in str(error)


@pytest.mark.parametrize("source", [" " * 1990 + "x", "{{a=" + " " * 1990, "{{a=" * 490, "{{ a = 'x " * 190])
def test_odd_formats_are_read_as_what_they_are(source):
    assert AliasFormat(source).defaults == {}


def test_a_huge_format_is_refused():
    with pytest.raises(InvalidInput, match="formats: one has 200000 characters; at most 2000"):
        AliasFormat("x" * 200_000)


@pytest.mark.parametrize("operator", ["regex", "iregex", "matchregex"])
def test_a_criterion_that_is_no_regular_expression_is_refused(operator):
    (problem,) = criteria_problems({"trigger.name": {"type": operator, "pattern": "web("}})
    assert "trigger.name" in problem
    assert "not a regular expression" in problem
    assert criteria_problems({"trigger.name": {"type": operator, "pattern": "{{ st2kv.system.hosts }}("}}) == []


def test_plain_expressions_need_no_other_engine():
    program = (
        "import sys; from st2lite.models.patterns import compile_pattern as c;"
        "assert c('^web').search('web1') and c('[0-9]+').findall('1 2'); sys.exit('regex' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0

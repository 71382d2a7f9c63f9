"""Expressions that would make something huge."""

import pytest

from st2lite.models.errors import RenderError
from st2lite.rendering import bounds
from st2lite.rendering.bounds import LARGEST
from st2lite.rendering.environment import render

VARIABLES = {"text": "x" * 10_000_000, "lines": "\n" * 1_000_000, "many": ["x" * 1_000_000] * 100, "n": 10**9}


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'x' * n }}",
        "{{ n * 'x' }}",
        "{{ [0] * n }}",
        "{{ 10 ** n }}",
        "{{ (2 ** 60000) * (2 ** 60000) }}",
        "{{ text + text }}",
        "{{ text ~ text }}",
        "{% set ns = namespace(x='xx') %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%*d' % (n, 1) }}",
        "{{ '%1000000000d'|format(1) }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ '{:>{}}'.format(1, n) }}",
        "{{ '{a:>{w}}'.format(a=1, w=n) }}",
        "{{ '{a:>{w}}'.format_map({'a': 1, 'w': n}) }}",
        "{{ 'x'|center(n) }}",
        "{{ 'x'|center(width=n) }}",
        "{{ 'x'.center(n) }}",
        "{{ 'x'.ljust(n) }}",
        "{{ 'x'.rjust(n) }}",
        "{{ 'x'.zfill(n) }}",
        "{{ '\t'.expandtabs(n) }}",
        "{{ lines|indent(1000) }}",
        "{{ lines|indent(width=1000) }}",
        "{{ [1]|batch(n, 'x')|list }}",
        "{{ [1]|slice(n)|list }}",
        "{{ text|replace('x', 'yy') }}",
        "{{ text.replace('x', 'yy') }}",
        "{{ many|join }}",
        "{{ many|join(text) }}",
        "{{ ''.join(many) }}",
        "{% for part in many %}{{ part }}{% endfor %}",
        "{% set made %}{% for part in many %}{{ part }}{% endfor %}{% endset %}{{ made|length }}",
    ],
)
def test_what_would_be_huge_is_not_made(template):
    with pytest.raises(RenderError, match="at most"):
        render(template, VARIABLES)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ 'x' * 3 }}{{ 2 * 3 }}{{ 2 ** 10 }}{{ 1.5 * 2 }}{{ [1] * 2 }}{{ 2 ** -1 }}", "xxx610243.0[1, 1]0.5"),
        ("{{ 'a' ~ 1 ~ none ~ [2] }}{% set x = 1 %}{{ x ~ x }}", "a1None[2]11"),
        ("{{ 'a' + 'b' }}{{ 1 + 2 }}{{ [1] + [2] }}", "ab3[1, 2]"),
        (
            "{{ 7 % 4 }}{{ '%03d' % 5 }}{{ '%s-%s' % ('a', 12345678901) }}{{ '%5s'|format('x') }}",
            "3005a-12345678901    x",
        ),
        ("{{ '{} {:>3}'.format(12345678901, 1) }}{{ '%d %*d'|format(1, 3, 2) }}", "12345678901   11   2"),
        ("{{ '{} {}'.format(1, 'b') }}{{ '{a}'.format(a=2) }}{{ '{a}'.format_map({'a': 3}) }}", "1 b23"),
        ("{{ 'x'|center(5) }}|{{ 'x'.ljust(3) }}|{{ 'x'.rjust(3) }}|{{ '7'.zfill(3) }}", "  x  |x  |  x|007"),
        ("{{ 'a\nb'|indent(2) }}|{{ 'a\nb'|indent('> ', true) }}", "a\n  b|> a\n> b"),
        ("{{ [1, 2, 3]|batch(2, 0)|list }}{{ [1, 2, 3]|slice(2)|list }}", "[[1, 2], [3, 0]][[1, 2], [3]]"),
        (
            "{{ 'abc'|replace('b', 'x') }}{{ 'aaa'.replace('a', 'b', 1) }}{{ 'aaa'|replace('a', 'b', count=2) }}",
            "axcbaabba",
        ),
        ("{{ [1, 'b']|join('-') }}{{ ','.join(['x', 'y']) }}", "1-bx,y"),
        ("{{ [{'k': 1}, {'k': 2}]|join(', ', attribute='k') }}{{ range(3)|join }}", "1, 2012"),
        ("{{ 'A'.lower() }}{{ 'a b'.split() }}{{ 'x'.startswith('x') }}", "a['a', 'b']True"),
    ],
)
def test_all_else_is_as_ever(template, expected):
    assert render(template, {}) == expected


def test_the_largest_text_is_possible():
    assert render("{{ ('x' * largest)|length }}", {"largest": LARGEST}) == str(LARGEST)


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% for i in range(99) recursive %}{% if loop.depth < 9 %}{{ loop(range(99)) }}{% endif %}{% endfor %}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
        "{{ range(99999) | select('in', range(99999) | list) | list | length }}",
        "{{ range(99999) | reject('in', range(99999) | list) | list | length }}",
    ],
)
def test_what_would_take_for_ever_is_given_up(template, monkeypatch):
    monkeypatch.setattr(bounds, "LONGEST", 0.05)
    with pytest.raises(RenderError, match="its loops and calls take more than"):
        render(template, {})


@pytest.mark.parametrize(
    "template",
    [
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for i in range(9) recursive %}{{ loop(range(9)) }}{% endfor %}",
    ],
)
def test_what_calls_itself_without_end_is_an_error(template):
    with pytest.raises(RenderError, match="recursion"):
        render(template, {})


@pytest.mark.parametrize(
    "template",
    [
        "{% set all = [] %}{% for i in range(999) %}{% set _ = all.append('x' * 9000000) %}{% endfor %}",
        "{% set x, all = 'x' * 9000000, [] %}{% for i in range(99) %}{% set _ = all.append(x ~ i) %}{% endfor %}",
        "{% set all = [] %}{% for i in range(999) %}{% set _ = all.append('x'.ljust(9000000)) %}{% endfor %}",
    ],
)
def test_what_would_fill_the_memory_piece_by_piece_is_given_up(template):
    with pytest.raises(RenderError, match="all together"):
        render(template, {})


def test_a_list_that_doubles_itself_is_given_up():
    with pytest.raises(RenderError, match="at most"):
        render("{% set x = [1] %}{% for i in range(60) %}{% set _ = x.extend(x) %}{% endfor %}", {})

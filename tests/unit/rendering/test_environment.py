"""Templates: sandbox, strictness, containers, text that is no template."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st2lite.models.errors import RenderError, StoreUnavailable
from st2lite.rendering.crypto import KEY_RING, KeyRing
from st2lite.rendering.environment import contains_template, names_in, render, render_value

QUIET = st.text(alphabet=st.characters(exclude_characters="{}%\\"), max_size=8)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("{{ a }}", "1"),
        ("{% if a == 1 %}\nyes\n{% endif %}\n", "yes\n"),
        ("  {% if a in [1] %}x{% endif %}", "x"),
        ("{{ 1 is in [1] }}", "True"),
        ("{{ d.k | upper }}", "V"),
        ("{{ __context['odd name'] }}", "odd"),
        ("docker inspect --format '{{.State.Running}}'", "docker inspect --format '{{.State.Running}}'"),
        ("awk '{{print $1}}'", "awk '{{print $1}}'"),
        ("{{", "{{"),
        ("{% raw %}{{ a }}{% endraw %}", "{{ a }}"),
    ],
)
def test_render(template, expected):
    assert render(template, {"a": 1, "d": {"k": "v"}, "odd name": "odd"}) == expected


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ nobody }}", "'nobody' is undefined"),
        ("{{ d.none }}", "has no attribute 'none'"),
        ("{{ a | no_such_filter }}", "line 1: No filter named 'no_such_filter'"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ ''.__class__ }}", "unsafe"),
        ("{{ d.__init__.__globals__ }}", "unsafe"),
        ("{{ d.items.__self__ }}", "unsafe"),
        ("{% for i in range(1000000000) %}x{% endfor %}", "[Rr]ange"),
        ("{{ __context['key ring'].to_json() }}", "has no attribute 'key ring'"),
    ],
)
def test_what_fails(template, text):
    with pytest.raises(RenderError, match=text):
        render(template, {"a": 1, "d": {}, KEY_RING: KeyRing.generate()})


def test_an_unavailable_database_is_not_the_templates_fault():
    class Broken:
        def __str__(self):
            raise StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        render("{{ x }}", {"x": Broken()})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["{{a}}", "{{ a }}", "x{{a}}"], [1, "1", "x1"]),
        ({"k": "{{d}}"}, {"k": {"k": ["v"]}}),
        ({"{{s}}": [{"deep": "{{l}}"}]}, {"text": [{"deep": [1, None]}]}),
        (["{{n}}"], [None]),
        ([5, None, True, "plain \\n"], [5, None, True, "plain \\n"]),
        (["{{ d.k | to_complex }}"], ['["v"]']),
        (["{{ q }}"], ['say "hi"']),
        (["{{ q | json_escape }}"], ['say "hi"']),
        (["{{ s }}\\path {{ '\\\\' }}"], ["text\\path \\"]),
        (["line\n{{ s }}"], ["line\ntext"]),
        (["{{.Go}}", "{{a}}"], ["{{.Go}}", 1]),
    ],
)
def test_containers(value, expected):
    variables = {"a": 1, "d": {"k": ["v"]}, "s": "text", "l": [1, None], "n": None, "q": 'say "hi"'}
    assert render_value(value, variables) == expected


@given(QUIET, st.text(max_size=8))
def test_a_value_cannot_change_the_structure_around_it(before, value):
    result = render_value({"k": [before + "{{ v }}"], "other": "x"}, {"v": f'{value}", "admin": "yes'})
    assert list(result) == ["k", "other"]
    assert len(result["k"]) == 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | QUIET,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(QUIET, inner, max_size=3),
        max_leaves=6,
    )
)
def test_without_templates_everything_stays(value):
    assert not contains_template(value)
    assert render_value(value, {}) == value


def test_names():
    assert names_in({"a": ["{{ x.y + z }}", "{{.go}}", 5], "{{ k }}": "{% for i in l %}{{ i }}{% endfor %}"}) == {
        "x", "z", "k", "l",
    }  # fmt: skip


def test_jinja_is_not_imported_before_a_template_needs_it():
    code = (
        "import sys; from st2lite.rendering.environment import render, contains_template as c;"
        "import st2lite.rendering.parameters, st2lite.rendering.keys, st2lite.rendering.configs;"
        "render('plain', {}); c({'a': ['b']});"
        "sys.exit(any(m in sys.modules for m in ('jinja2', 'jsonschema', 'cryptography', 'yaml')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

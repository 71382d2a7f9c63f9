"""Parameters of an execution, at request time and at run time."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st2lite.models.action import Action, RunnerType
from st2lite.models.errors import InvalidInput, RenderError
from st2lite.rendering.parameters import check_against_schema, merged_schema, prepare_request, prepare_run
from st2lite.rendering.scope import RenderScope

RUNNER = {
    "cmd": {"type": "string", "description": "of the runner"},
    "sudo": {"type": "boolean", "default": False},
    "timeout": {"type": "integer", "default": 60},
    "env": {"type": "object", "default": {"A": "1"}},
    "dir": {"type": "string", "default": "/tmp", "immutable": True},
}


def no_config():
    raise AssertionError("the configuration was not needed")


def scope(context=None, config=no_config):
    return RenderScope(None, None, "jane", context or {}, config)


def pair(parameters, runner=RUNNER):
    action = Action(name="a", pack="p", runner_type="r", parameters=parameters)
    return action, RunnerType(name="r", runner_module="r", runner_parameters=runner)


def request(parameters, supplied, runner=RUNNER, **scope_arguments):
    return prepare_request(*pair(parameters, runner), supplied, scope(**scope_arguments))


def run(parameters, stored, runner=RUNNER, **scope_arguments):
    return prepare_run(*pair(parameters, runner), stored, scope(**scope_arguments))


def test_merged_schema():
    merged = merged_schema(*pair({"cmd": {"required": True}, "x": {"type": "array"}, "dir": {"immutable": False}}))
    assert merged["cmd"] == {"type": "string", "description": "of the runner", "required": True}
    assert merged["x"] == {"type": "array"}
    assert merged["dir"] == {"type": "string", "default": "/tmp", "immutable": True}
    assert merged.keys() == {*RUNNER, "x"}


def test_a_changed_action_is_not_mistaken_for_the_old_one():
    action, runner = pair({"x": {"type": "integer", "default": True}})
    assert merged_schema(action, runner)["x"]["default"] is True
    action.parameters["x"]["default"] = 1
    assert merged_schema(action, runner)["x"]["default"] == 1
    assert merged_schema(action, runner)["x"]["default"] is not True


class TestRequest:
    def test_only_what_was_supplied_is_stored(self):
        assert request({"x": {"default": 5}}, {"cmd": "date", "timeout": "5"}) == {"cmd": "date", "timeout": 5}

    def test_supplied_templates_are_rendered_and_cast(self):
        supplied = {"n": "{{ m + 1 }}", "m": "2", "cmd": "run {{ n }} on {{ action_context.host }} for {{ timeout }}"}
        schemas = {"n": {"type": "integer"}, "m": {"type": "integer"}}
        rendered = request(schemas, supplied, context={"host": "web1"})
        assert rendered == {"n": 3, "m": 2, "cmd": "run 3 on web1 for 60"}

    def test_the_configuration_is_read_only_when_it_is_named(self):
        assert request({}, {"cmd": "{{ config_context.url }}"}, config=lambda: {"url": "u"}) == {"cmd": "u"}
        assert request({}, {"cmd": "{{ timeout }}"}) == {"cmd": "60"}

    def test_containers_keep_types(self):
        schemas = {"l": {"type": "array"}, "o": {"type": "object"}, "n": {"type": "integer", "default": 3}}
        supplied = {"l": ["{{n}}", "{{ n }}"], "o": {"all": "{{l}}", "text": "n={{n}}"}}
        assert request(schemas, supplied) == {"l": [3, "3"], "o": {"all": [3, "3"], "text": "n=3"}}

    def test_a_template_that_yields_json_becomes_the_declared_type(self):
        supplied = {"o": "{{ action_context.data | to_complex }}", "l": "{{ action_context.data.l }}"}
        rendered = request({"o": {"type": "object"}, "l": {"type": "array"}}, supplied, context={"data": {"l": [1]}})
        assert rendered == {"o": {"l": [1]}, "l": [1]}

    def test_use_none_becomes_null(self):
        assert request({"s": {"type": "string"}}, {"s": "{{ cmd | use_none }}"}) == {"s": None}

    def test_default_templates_are_stored_unless_immutable_or_secret(self):
        schemas = {
            "host": {"type": "string"},
            "url": {"type": "string", "default": "http://{{ host }}/"},
            "fixed": {"type": "string", "default": "{{ host }}", "immutable": True},
            "token": {"type": "string", "default": "{{ host }}!", "secret": True},
        }
        assert request(schemas, {"host": "h"}) == {"host": "h", "url": "http://h/"}
        assert request(schemas, {"host": "h", "url": "mine"}) == {"host": "h", "url": "mine"}
        assert request(schemas, {"host": "h", "url": None}) == {"host": "h", "url": "http://h/"}

    def test_text_that_is_no_template_stays(self):
        assert request({}, {"cmd": "docker ps --format '{{.ID}}'"}) == {"cmd": "docker ps --format '{{.ID}}'"}

    def test_an_action_without_parameters_takes_any(self):
        assert request({}, {"anything": [1]}, runner={}) == {"anything": [1]}

    def test_null_is_no_value(self):
        assert request({}, {"timeout": None, "cmd": None}) == {"timeout": None, "cmd": None}

    @pytest.mark.parametrize(
        ("schemas", "supplied", "texts"),
        [
            ({"cmd": {"required": True}}, {}, ["'cmd' is a required property", "of the runner"]),
            ({"cmd": {"required": True}}, {"cmd": None}, ['Parameter "cmd": None is not of type']),
            ({}, {"nope": 1}, ["Additional properties are not allowed ('nope' was unexpected)", "cmd, env, sudo"]),
            ({}, {"a": 1, "b": 2}, ["('a', 'b' were unexpected)"]),
            ({}, {"timeout": "soon"}, ['Parameter "timeout" cannot be read as integer']),
            ({}, {"cmd": 5}, ['Parameter "cmd" must either be a string or None. Got "int"']),
            ({}, {"env": "[1]"}, ['Parameter "env"', "is not of type 'object'"]),
            ({}, {"dir": "/x"}, ["Override of immutable parameter(s) ['dir'] is unsupported"]),
            ({"sudo": {"immutable": True}}, {"sudo": True}, ["Override of immutable parameter(s) ['sudo']"]),
            ({"x": {"enum": ["a"]}}, {"x": "b"}, ["Parameter \"x\": 'b' is not one of ['a']"]),
            ({"x": {"type": "integer", "default": "many"}}, {}, ["the default in the metadata"]),
            ({"x": {"type": "string", "maxLength": 1, "default": "ab"}}, {}, ["too long", "default in the metadata"]),
            ({"x": {"required": True}, "cmd": {"enum": ["a"]}}, {"cmd": "b"}, ["'x' is a required", "not one of"]),
        ],
    )
    def test_what_is_refused(self, schemas, supplied, texts):
        with pytest.raises(InvalidInput) as caught:
            request(schemas, supplied)
        for text in texts:
            assert text in caught.value.message
        assert not isinstance(caught.value, RenderError)

    def test_a_missing_name(self):
        with pytest.raises(InvalidInput) as caught:
            request({}, {"cmd": "echo {{ nobody }}"})
        assert caught.value.message.startswith('Dependency unsatisfied in variable "nobody"')
        assert 'Parameter "cmd"' in caught.value.message

    @pytest.mark.parametrize(
        ("supplied", "names"),
        [
            ({"a": "{{ a }}"}, "a"),
            ({"a": "{{ b }}", "b": "{{ a }}"}, "a, b"),
            ({"a": "{{ b }}", "b": "{{ c }}", "c": ["{{ b }}"], "d": "{{ a }}"}, "b, c"),
        ],
    )
    def test_a_cycle(self, supplied, names):
        with pytest.raises(InvalidInput) as caught:
            request({name: {} for name in "abcd"}, supplied)
        assert caught.value.message.startswith(f"Cyclic dependency found in the following variables: {names}. ")

    def test_a_template_that_fails(self):
        with pytest.raises(RenderError, match=r'Failed to render parameter "cmd": .*has no attribute'):
            request({}, {"cmd": "{{ action_context.none }}"})
        with pytest.raises(RenderError, match='Failed to render parameter "cmd": line 1: No filter named'):
            request({}, {"cmd": "{{ timeout | nope }}"})

    def test_secret_values_stay_out_of_error_texts(self):
        with pytest.raises(InvalidInput) as caught:
            request({"pw": {"type": "integer", "secret": True, "maximum": 3}}, {"pw": 1234567})
        assert "1234567" not in caught.value.message

    def test_nesting_without_end(self):
        deep = []
        for _ in range(5000):
            deep = [deep]
        with pytest.raises(InvalidInput, match="nested too deeply"):
            request({"x": {}}, {"x": deep})

    def test_a_list_is_no_map(self):
        with pytest.raises(InvalidInput, match="has to be a map"):
            request({}, [])


class TestRun:
    def test_defaults_are_filled_in_and_parameters_split(self):
        runner, action = run({"x": {"type": "array", "default": [1]}, "y": {}, "sudo": {"default": True}}, {"cmd": "c"})
        assert runner == {"cmd": "c", "sudo": True, "timeout": 60, "env": {"A": "1"}, "dir": "/tmp"}
        assert action == {"x": [1], "y": None}

    def test_stored_values_are_literal(self):
        runner, action = run({"x": {"default": "{{ cmd }}"}}, {"cmd": "{{ timeout }}"})
        assert runner["cmd"] == "{{ timeout }}"
        assert action["x"] == "{{ timeout }}"

    def test_default_templates_are_rendered_and_cast(self):
        schemas = {
            "n": {"type": "integer", "default": "{{ timeout * 2 }}"},
            "m": {"type": "integer", "default": "{{ n + 1 }}"},
            "cmd": {"default": "sleep {{ m }}", "immutable": True},
        }
        runner, action = run(schemas, {"timeout": 5})
        assert (runner["cmd"], action) == ("sleep 11", {"n": 10, "m": 11})

    def test_immutable_values_come_from_the_default_whatever_is_stored(self):
        runner, action = run({"x": {"default": "fixed", "immutable": True}}, {"x": "other", "dir": "/other"})
        assert (runner["dir"], action["x"]) == ("/tmp", "fixed")

    def test_null_means_default_and_a_runners_default_stands_behind_the_actions(self):
        runner, _ = run({"sudo": {"default": None}, "timeout": {"immutable": True}}, {"env": None})
        assert (runner["sudo"], runner["timeout"], runner["env"]) == (False, 60, {"A": "1"})

    def test_what_nobody_declares_is_dropped(self):
        assert run({}, {"x": 1}, runner={}) == ({}, {})

    def test_runs_do_not_share_containers(self):
        first, _ = run({}, {})
        first["env"]["B"] = "2"
        second, _ = run({}, {})
        assert second["env"] == {"A": "1"}

    def test_faulty_defaults_are_named(self):
        with pytest.raises(InvalidInput, match='"x" cannot be read as integer'):
            run({"x": {"type": "integer", "default": "many"}}, {})
        assert run({"x": {"type": "integer", "default": "many"}}, {"x": 1})[1] == {"x": 1}

    def test_failing_defaults_name_the_parameter(self):
        with pytest.raises(RenderError, match='Failed to render parameter "x"'):
            run({"x": {"default": "{{ action_context.none }}"}}, {})
        with pytest.raises(InvalidInput, match='Dependency unsatisfied in variable "y"'):
            run({"x": {"default": "{{ y }}"}}, {})

    def test_all_variables_by_name(self):
        _, action = run(
            {"x": {"default": "{{ __context.timeout }} {{ __context['a-b'] | default('none') }}"}}, {}, config=dict
        )
        assert action == {"x": "60 none"}


SCHEMAS = {
    "s": {"type": "string"},
    "i": {"type": "integer"},
    "n": {"type": "number"},
    "b": {"type": "boolean", "default": True},
    "l": {"type": "array", "default": ["x"]},
    "o": {"type": "object"},
}
plain_text = st.text(alphabet=st.characters(exclude_characters="{%", exclude_categories=["Cs"]))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "s": plain_text,
            "i": st.integers(),
            "n": st.floats(allow_nan=False, allow_infinity=False),
            "b": st.booleans(),
            "l": st.lists(plain_text | st.integers()),
            "o": st.dictionaries(plain_text, plain_text | st.none()),
        },
    )
)
def test_literal_values_of_the_declared_type_pass_unchanged(supplied):
    stored = request(SCHEMAS, supplied, runner={})
    assert stored == supplied
    _, action = run(SCHEMAS, stored, runner={})
    assert action == {**dict.fromkeys(SCHEMAS), "b": True, "l": ["x"], **supplied}


@given(plain_text, st.sampled_from(["s", "l", "o"]))
def test_values_arrive_through_templates_as_they_are(value, target):
    holder = {"s": "{{ v }}", "l": ["{{v}}"], "o": {"k": "{{v}}"}}[target]
    stored = request({**SCHEMAS, "v": {"type": "string"}}, {"v": value, target: holder}, runner={})
    expected = {"s": value, "l": [value], "o": {"k": value}}[target]
    assert stored[target] == expected


def test_check_against_schema():
    check_against_schema({"a": 1}, {"properties": {"a": {"type": "integer"}}}, "response")
    with pytest.raises(InvalidInput, match=r"response.a: 'x' is not of type 'integer'"):
        check_against_schema({"a": "x"}, {"properties": {"a": {"type": "integer"}}}, "response")


def test_plain_actions_need_neither_jinja_nor_the_schema_library():
    code = """
import sys
from st2lite.models.action import Action, RunnerType
from st2lite.rendering.parameters import prepare_request, prepare_run
from st2lite.rendering.scope import RenderScope
action = Action(name="a", pack="p", runner_type="r", parameters={"cmd": {"required": True, "type": "string"}})
runner = RunnerType(name="r", runner_module="r", runner_parameters={"cmd": {"type": "string"},
    "route": {"type": "string", "default": "x", "minLength": 1, "maxLength": 255}})
scope = RenderScope(None, None, "u", {}, dict)
stored = prepare_request(action, runner, {"cmd": "date"}, scope)
assert prepare_run(action, runner, stored, scope) == ({"cmd": "date", "route": "x"}, {})
try:
    prepare_request(action, runner, {"cmd": "date", "route": 5, "unknown": 1}, scope)

except Exception:
    pass
sys.exit(any(name in sys.modules for name in ("jinja2", "jsonschema", "yaml", "cryptography")))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def request_with(variables, supplied):
    parameters = {name: {} for name in supplied}
    return prepare_request(*pair(parameters, {}), supplied, RenderScope(None, None, "jane", {}, no_config, variables))


def test_a_request_can_bring_variables_of_its_own():
    assert request_with({"trigger": {"n": "42"}}, {"a": "{{ trigger.n }}!"}) == {"a": "42!"}


def test_a_parameter_does_not_hide_a_variable_of_the_request():
    supplied = {"trigger": "{{ trigger.ref }}", "a": "{{ trigger.ref }}"}
    assert request_with({"trigger": {"ref": "core.x"}}, supplied) == {"trigger": "core.x", "a": "core.x"}


def test_what_a_variable_of_the_request_holds_is_not_rendered_again():
    assert request_with({"trigger": {"x": "{{ 6 * 7 }}"}}, {"a": "{{ trigger.x }}", "b": "{{ a }}"}) == {
        "a": "{{ 6 * 7 }}",
        "b": "{{ 6 * 7 }}",
    }


def test_a_name_that_nobody_gives_is_told_with_those_that_there_are():
    with pytest.raises(
        RenderError, match=r'variable "nobody".* action_context, config_context, st2kv, system, trigger'
    ):
        request_with({"trigger": {}}, {"a": "{{ nobody }}"})

import pytest

from st2lite.models.errors import InvalidInput
from st2lite.workflows.chain import read_chain


def task(name, **more):
    return {"name": name, "ref": "core.noop", **more}


def test_a_chain():
    chain = read_chain(
        {
            "vars": {"x": 1},
            "chain": [
                task("a", parameters={"p": "{{ x }}"}, **{"on-success": "b", "on-failure": "c"}),
                task("b", params={"q": 2}, publish={"y": "{{ b.z }}"}, notify={"on-complete": {"message": "done"}}),
                task("c", **{"on-success": "", "on-failure": None}),
            ],
        }
    )
    assert chain.names == ["a", "b", "c"]
    assert chain.first == "a"
    assert chain.vars == {"x": 1}
    first, second, third = chain.tasks
    assert (first.on_success, first.on_failure, first.parameters) == ("b", "c", {"p": "{{ x }}"})
    assert (second.parameters, second.publish) == ({"q": 2}, {"y": "{{ b.z }}"})
    assert (third.on_success, third.on_failure) == ("", "")
    assert chain.task("b") is second
    assert chain.task("d") is None


@pytest.mark.parametrize(
    ("entries", "default", "first"),
    [
        ([task("b"), task("a", **{"on-success": "b"})], None, "a"),
        ([task("a", **{"on-success": "b"}), task("b", **{"on-success": "a"})], None, "a"),
        ([task("a"), task("b")], "b", "b"),
        ([task("z", **{"on-failure": "a"}), task("a")], "", "z"),
    ],
)
def test_which_task_is_the_first(entries, default, first):
    assert read_chain({"chain": entries, "default": default}).first == first


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "a map"),
        ([task("a")], "a map"),
        ({}, "chain: must be a list"),
        ({"chain": []}, "one task or more"),
        ({"chain": {"a": 1}}, "must be a list"),
        ({"chain": ["a"]}, "task 1 must be a map"),
        ({"chain": [task("a")], "colour": 1}, 'the chain: "colour" is not one of chain, default, vars'),
        ({"chain": [task("a", colour=1)]}, 'task "a": "colour" is not one of'),
        ({"chain": [{"ref": "core.noop"}]}, "task 1: name is required"),
        ({"chain": [{"name": 5, "ref": "core.noop"}]}, "task 1: name is required, and must be text"),
        ({"chain": [{"name": "a"}]}, 'task "a": ref is required'),
        ({"chain": [task("a", parameters={"x": 1}, params={"x": 1})]}, "either parameters or params"),
        ({"chain": [task("a", parameters=[1])]}, "parameters must be a map"),
        ({"chain": [task("a", publish="x")]}, "publish must be a map"),
        ({"chain": [task("a", notify={"sometimes": {}})]}, 'task "a": notify: "sometimes" is not one of'),
        ({"chain": [task("a", notify="x")]}, "notify must be a map"),
        ({"chain": [task("a", **{"on-success": 5})]}, "on-success must be the name of a task"),
        (
            {"chain": [task("a", **{"on-failure": "b"})]},
            'on-failure names "b", which the chain does not have; it has a',
        ),
        ({"chain": [task("a"), task("a")]}, '2 tasks have the name "a"'),
        ({"chain": [task("a")], "default": "b"}, 'default: the chain has no task "b"; it has a'),
        ({"chain": [task("a")], "default": ["a"]}, "default: must be the name"),
        ({"chain": [task("a")], "vars": [1]}, "vars: must be a map"),
    ],
)
def test_what_is_wrong_is_said(content, problem):
    with pytest.raises(InvalidInput) as error:
        read_chain(content)
    assert problem in error.value.message


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(InvalidInput) as error:
        read_chain({"chain": [task("a", x=1), {"name": "b"}], "y": 1, "vars": 3})
    for part in ('"x"', "ref is required", '"y"', "vars:"):
        assert part in error.value.message


def test_keys_that_other_tasks_have_are_ignored(caplog):
    chain = read_chain({"chain": [task("a", description="first"), task("b", colour="red", size=3), task("c")]})
    assert chain.names == ["a", "b", "c"]
    assert [record.getMessage().partition(" is not")[0] for record in caplog.records] == [
        'Ignored in a chain: task "b": "colour"',
        'Ignored in a chain: task "b": "size"',
    ]


def test_names_that_are_templates_are_not_checked():
    assert read_chain({"chain": [task("a", **{"on-success": "{{ next }}"})]}).tasks[0].on_success == "{{ next }}"

"""Running a chain again from one of its tasks."""

import pytest

from st2lite.executions.protocol import Outcome
from st2lite.models.errors import InvalidInput
from tests.integration.workflows.chain_host import result_of, states, task


@pytest.fixture
def broken(host):
    """A chain that failed at its task `c`, and the host on which `c` would succeed now."""
    host.register("flaky", parameters={"value": {}})
    host.scripted.acts["flaky"] = lambda _run: Outcome("failed", {})
    host.chain(
        "deploy",
        {
            "vars": {"to": "{{ where }}", "n": 1},
            "chain": [
                task("a", parameters={"value": "{{ to }}"}, publish={"x": "{{ a.value }}!"}, on_success="b"),
                task("b", parameters={"value": "{{ x }}"}, publish={"x": "{{ x }}!"}, on_success="c"),
                task("c", "test.flaky", parameters={"value": "{{ x }} {{ n }} {{ b.value }}"}, on_success="d"),
                task("d", parameters={"value": "{{ c.value }}"}),
            ],
        },
        parameters={"where": {"type": "string"}},
    )
    chain = host.run("deploy", {"where": "Köln"})
    assert (chain.status, states(chain)) == ("failed", {"a": "succeeded", "b": "succeeded", "c": "failed"})
    del host.scripted.acts["flaky"]
    host.scripted.ran.clear()
    return chain


def again(host, chain, *tasks, reset=None):
    reset = list(tasks) if reset is None else reset
    return host.executions.re_run(host.executions.get(chain.id), {}, "ann", tasks=list(tasks), reset=reset)


def test_from_the_task_that_failed(host, broken):
    chain = host.wait(again(host, broken, "c"))
    assert chain.status == "succeeded"
    assert host.scripted.ran == ["c", "d"]
    assert list(states(chain)) == ["a", "b", "c", "d"]
    assert result_of(chain)["tasks"][:2] == result_of(broken)["tasks"][:2]
    assert result_of(chain)["tasks"][3]["result"] == {"value": "Köln!! 1 Köln!"}
    assert result_of(chain)["published"] == {"x": "Köln!!"}
    assert chain.context["re-run"] == {"ref": broken.id, "tasks": ["c"], "reset": ["c"]}
    assert len(host.children(chain)) == 2


def test_from_an_earlier_task(host, broken):
    chain = host.wait(again(host, broken, "b"))
    assert host.scripted.ran == ["b", "c", "d"]
    assert result_of(chain)["tasks"][1]["result"] == {"value": "Köln!"}
    assert result_of(chain)["published"] == {"x": "Köln!!"}


def test_from_a_task_that_was_never_reached(host, broken):
    chain = host.wait(again(host, broken, "d"))
    assert chain.status == "failed"  # its parameter refers to a result of c that the failed run does not have
    assert "value" in result_of(chain)["error"]


def test_again_from_what_was_run_again(host, broken):
    first = host.wait(again(host, broken, "c"))
    second = host.wait(again(host, first, "d"))
    assert second.status == "succeeded"
    assert list(states(second)) == ["a", "b", "c", "d"]
    assert host.scripted.ran == ["c", "d", "d"]


def test_a_variable_that_was_mended_in_the_file_counts(host, broken):
    path = host.actions / "deploy.yaml"
    path.write_text(path.read_text().replace("n: 1", "n: 22"))
    chain = host.wait(again(host, broken, "c"))
    assert result_of(chain)["tasks"][2]["result"] == {"value": "Köln!! 22 Köln!"}


def test_what_cannot_be_run_again_in_part(host, broken):
    with pytest.raises(InvalidInput, match=r'"nope" is not a task of "test\.deploy"; it has a, b, c, d'):
        again(host, broken, "nope")
    with pytest.raises(InvalidInput, match="one task on"):
        again(host, broken, "a", "b")
    with pytest.raises(InvalidInput, match=r'only workflows can be run again in part; "test\.echo" is not one'):
        again(host, host.run("echo"), "a")
    host.register("gate")
    host.chain("unread", "chain: [")
    with pytest.raises(InvalidInput, match="only an action chain that has begun"):
        again(host, host.run("unread"), "a")


def test_a_task_that_is_gone_from_the_file(host, broken):
    host.write("deploy", [task("a")])
    chain = host.wait(again(host, broken, "c"))
    assert chain.status == "failed"
    assert 'no task "c" any more; it has a' in result_of(chain)["error"]


@pytest.mark.parametrize("tasks", ["c", [], [1], ["a", "b"]])
def test_a_context_that_somebody_made_up(host, broken, tasks):
    context = {"re-run": {"ref": broken.id, "tasks": tasks}}
    chain = host.run("deploy", {"where": "x"}, context=context)
    if tasks:
        assert chain.status == "failed"
        assert "context.re-run.tasks" in result_of(chain)["error"]
    else:
        assert list(states(chain)) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(("reset", "ran"), [(["o"], ["x", "y"]), ([], ["y"])])
def test_a_chain_within_goes_on_where_it_failed_unless_it_is_reset(host, reset, ran):
    host.scripted.acts["fail"] = lambda _run: Outcome("failed", {})
    host.chain("inner", [task("x", on_success="y"), task("y", "test.fail")])
    host.chain("outer", [task("o", "test.inner")])
    first = host.run("outer")
    assert first.status == "failed"
    del host.scripted.acts["fail"]
    host.scripted.ran.clear()
    second = host.wait(again(host, first, "o", reset=reset))
    assert second.status == "succeeded"
    assert host.scripted.ran == ran
    assert [entry["name"] for entry in result_of(second)["tasks"][0]["result"]["tasks"]] == ["x", "y"]

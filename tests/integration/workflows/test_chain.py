"""Chains from their request to their end."""

import itertools
import json

from st2lite.executions.protocol import Outcome
from st2lite.models.datastore import KeyValuePair
from st2lite.models.execution import Execution
from st2lite.workflows.children import MOST_LEVELS
from tests.integration.workflows.chain_host import result_of, states, task


def test_tasks_run_one_after_the_other(host):
    host.chain("three", [task("a", on_success="b"), task("b", on_success="c"), task("c")])
    chain = host.run("three")
    assert chain.status == "succeeded"
    assert host.scripted.ran == ["a", "b", "c"]
    children = host.children(chain)
    assert [child.context["chain"]["name"] for child in children] == ["a", "b", "c"]
    assert all(before.end_timestamp <= after.start_timestamp for before, after in itertools.pairwise(children))
    assert [entry.status for entry in chain.log] == ["requested", "scheduled", "running", "succeeded"]
    assert chain.worker is None


def test_the_result_tells_of_every_task(host):
    host.chain("one", [task("a", parameters={"value": "hällo"})])
    chain = host.run("one")
    child = host.children(chain)[0]
    assert result_of(chain) == {
        "tasks": [
            {
                "id": "a",
                "name": "a",
                "execution_id": child.id,
                "liveaction_id": child.liveaction_id,
                "workflow": None,
                "created_at": child.start_timestamp.replace("Z", "+00:00"),
                "updated_at": child.end_timestamp.replace("Z", "+00:00"),
                "state": "succeeded",
                "result": {"value": "hällo"},
            }
        ],
        "published": {},
    }
    assert chain.result_size == len(chain.result)


def test_children_know_their_chain(host):
    host.chain("one", [task("a")])
    chain = host.run("one")
    context = host.children(chain)[0].context
    assert context["parent"] == {"execution_id": chain.id, "user": "joe", "pack": "test"}
    assert context["chain"]["name"] == "a"
    assert context["chain"]["ref"] == "test.echo"
    assert context["user"] == "joe"
    assert context["trace_context"] == chain.trace


def test_everything_that_templates_can_refer_to(host, store):
    store.insert(KeyValuePair(scope="st2kv.system", name="colour", value="blue"))
    templates = {
        "of_action": "{{ who }}", "of_task": "{{ a.value.n }}", "of_vars": "{{ greeting }}", "published": "{{ found }}",
        "results": "{{ __results['a'].value.n }}", "stored": "{{ st2kv.system.colour }}",
        "legacy": "{{ system.colour }}", "parent": "{{ action_context.parent.execution_id }}",
        "user": "{{ action_context.parent.user }}", "config": "{{ config_context.region }}",
    }  # fmt: skip
    host.chain(
        "all",
        {
            "vars": {"greeting": "Hi {{ who }}, {{ st2kv.system.colour }}", "untouched": 5},
            "chain": [
                task("a", parameters={"value": {"n": 7}}, publish={"found": "{{ a.value.n + 1 }}"}, on_success="b"),
                task("b", parameters={"value": templates}),
            ],
        },
        parameters={"who": {"type": "string", "default": "wörld"}},
    )
    chain = host.run("all")
    assert chain.status == "succeeded", chain.result
    assert result_of(chain)["tasks"][1]["result"]["value"] == {
        "of_action": "wörld", "of_task": "7", "of_vars": "Hi wörld, blue", "published": "8", "results": "7",
        "stored": "blue", "legacy": "blue", "parent": chain.id, "user": "joe", "config": "Orlå",
    }  # fmt: skip
    assert result_of(chain)["published"] == {"found": "8"}


def test_values_keep_their_types(host):
    host.register("typed", parameters={"n": {"type": "integer"}, "on": {"type": "boolean"}, "xs": {"type": "array"}})
    host.chain(
        "types",
        [
            task(
                "a", parameters={"value": {"n": 3, "xs": [1, "zwei"]}}, on_success="b", publish={"n": "{{ a.value.n }}"}
            ),
            task("b", "test.typed", parameters={"n": "{{ n }}", "on": True, "xs": "{{ a.value.xs }}"}),
        ],
    )
    assert result_of(host.run("types"))["tasks"][1]["result"] == {"n": 3, "on": True, "xs": [1, "zwei"]}


def test_no_user_values_of_the_datastore_in_tasks(host):
    host.chain("user", [task("a", parameters={"value": "{{ st2kv.user.x }}"})])
    chain = host.run("user")
    assert chain.status == "failed"
    assert 'Failed to run task "a". Parameter rendering failed.' in result_of(chain)["error"]
    assert host.children(chain) == []


def test_vars_that_cannot_be_rendered(host):
    host.chain("vars", {"vars": {"x": "{{ nothing }}"}, "chain": [task("a")]})
    chain = host.run("vars")
    assert chain.status == "failed"
    assert "vars" in result_of(chain)["error"]
    assert "nothing" in result_of(chain)["error"]


def test_a_failure_leads_on(host):
    host.chain("mended", [task("a", "test.fail", on_success="b", on_failure="c"), task("b"), task("c")])
    chain = host.run("mended")
    assert chain.status == "succeeded"
    assert states(chain) == {"a": "failed", "c": "succeeded"}
    assert result_of(chain)["tasks"][0]["result"] == {"why": "broken"}


def test_a_failure_that_leads_nowhere_ends_the_chain(host):
    host.chain("broken", [task("a", "test.fail", on_success="b"), task("b")])
    assert host.run("broken").status == "failed"
    assert host.scripted.ran == ["a"]


def test_the_status_is_that_of_the_last_task(host):
    host.scripted.acts["echo"] = lambda _run: Outcome("timeout", {"why": "slow"})
    host.chain("slow", [task("a")])
    assert host.run("slow").status == "timeout"
    host.scripted.acts["echo"] = lambda _run: Outcome("abandoned", None)
    assert host.run("slow").status == "failed"


def test_what_a_failed_task_publishes_need_not_be_there(host):
    host.chain(
        "half",
        [
            task("a", "test.fail", publish={"x": "{{ a.value }}"}, on_failure="b"),
            task("b", "test.fail", publish={"why": "{{ b.why }}"}),
        ],
    )
    chain = host.run("half")
    assert states(chain) == {"a": "failed", "b": "failed"}
    assert result_of(chain)["published"] == {"why": "broken"}


def test_what_a_task_publishes_must_be_there(host):
    host.chain("publish", [task("a", publish={"x": "{{ a.nothing }}"}, on_success="b"), task("b")])
    chain = host.run("publish")
    assert chain.status == "failed"
    assert states(chain) == {"a": "succeeded"}
    assert '"x"' in result_of(chain)["error"]


def test_published_values_need_not_be_shown(host):
    host.chain(
        "quiet",
        [
            task("a", parameters={"value": 1}, publish={"x": "{{ a.value }}"}, on_success="b"),
            task("b", parameters={"value": "{{ x }}"}),
        ],
    )
    result = result_of(host.run("quiet", {"display_published": False}))
    assert "published" not in result
    assert result["tasks"][1]["result"] == {"value": "1"}


def test_the_next_task_can_be_computed(host):
    tasks = [task("a", parameters={"value": "b2"}, on_success="{{ a.value }}"), task("b1"), task("b2")]
    host.chain("computed", {"default": "a", "chain": tasks})
    assert list(states(host.run("computed"))) == ["a", "b2"]
    host.write("computed", {"default": "a", "chain": [{**tasks[0], "parameters": {"value": "b3"}}, *tasks[1:]]})
    chain = host.run("computed")
    assert chain.status == "failed"
    assert 'no task "b3"' in result_of(chain)["error"]
    assert states(chain) == {"a": "succeeded"}


def test_a_chain_may_loop(host):
    host.chain(
        "loop",
        {
            "vars": {"n": 0},
            "chain": [
                task(
                    "a",
                    parameters={"value": "{{ n }}"},
                    publish={"n": "{{ n | int + 1 }}"},
                    on_success="{{ 'a' if n | int < 4 else 'b' }}",
                ),
                task("b", parameters={"value": "{{ a.value }}"}),
            ],
        },
    )
    chain = host.run("loop")
    assert host.scripted.ran == ["a", "a", "a", "a", "b"]
    assert result_of(chain)["tasks"][-1]["result"] == {"value": "3"}
    assert result_of(chain)["published"] == {"n": "4"}


def test_an_unknown_action(host):
    host.chain("unknown", [task("a", on_success="b"), task("b", "test.nothing", on_failure="a")])
    chain = host.run("unknown")
    assert chain.status == "failed"
    assert result_of(chain)["error"] == 'Failed to run task "b". Action with reference "test.nothing" doesn\'t exist.'
    assert states(chain) == {"a": "succeeded"}


def test_parameters_that_an_action_refuses_are_a_failed_task(host):
    host.chain("refused", [task("a", parameters={"nonsense": 1}, on_failure="b"), task("b")])
    chain = host.run("refused")
    assert chain.status == "succeeded"
    first = result_of(chain)["tasks"][0]
    assert first["state"] == "failed"
    assert first["execution_id"] is None
    assert "nonsense" in first["result"]["error"]


def test_refused_tasks_that_lead_to_each_other_end(host):
    refused = {"parameters": {"nonsense": 1}}
    host.chain("circle", [task("a", on_failure="b", **refused), task("b", on_failure="a", **refused)])
    chain = host.run("circle")
    assert chain.status == "failed"
    assert "nonsense" in result_of(chain)["error"]


def test_a_child_whose_templates_fail_is_a_failed_task(host):
    host.register("late", parameters={"value": {"default": "{{ nothing }}"}})
    host.chain("late_chain", [task("a", "test.late", on_failure="b"), task("b")])
    chain = host.run("late_chain")
    assert states(chain) == {"a": "failed", "b": "succeeded"}


def test_a_broken_file_is_a_failure_that_tells_all(host):
    host.chain("broken", {"chain": [{**task("a"), "colour": "red"}, {"name": "b"}], "extra": 1})
    chain = host.run("broken")
    assert chain.status == "failed"
    for part in ("broken.yaml", '"colour"', "ref is required", '"extra"'):
        assert part in result_of(chain)["error"]
    host.write("broken", "chain: [")
    assert "line 2, column 1" in result_of(host.run("broken"))["error"]


def test_a_running_chain_does_not_change_with_its_file(host):
    host.chain("fixed", [task("a", on_success="b"), task("b")])
    host.scripted.acts["echo"] = lambda _run: host.write("fixed", [task("a")]) or Outcome("succeeded", {})
    assert list(states(host.run("fixed"))) == ["a", "b"]
    assert list(states(host.run("fixed"))) == ["a"]


def test_who_is_notified(host):
    own, of_chain = {"on-success": {"message": "own", "routes": ["x"]}}, {"on-complete": {"routes": ["y"]}}
    host.chain("notify", [task("a", on_success="b"), task("b", notify=own, on_success="c"), task("c")])
    chain = host.run("notify", {"skip_notify": ["c"]}, notify=of_chain)
    assert [child.notify for child in host.children(chain)] == [of_chain, own, {}]


def test_chains_within_chains_need_one_slot(make_host):
    host = make_host(slots=1)
    host.chain("inner", [task("x", parameters={"value": "ü"}, on_success="y"), task("y")])
    host.chain("middle", [task("m", "test.inner", on_success="n"), task("n")])
    host.chain("outer", [task("o", "test.middle", on_success="p"), task("p")])
    chain = host.run("outer")
    assert chain.status == "succeeded"
    assert host.scripted.ran == ["x", "y", "n", "p"]
    inner = result_of(chain)["tasks"][0]["result"]["tasks"][0]["result"]
    assert inner["tasks"][0]["result"] == {"value": "ü"}
    assert len({child.context["trace_context"]["id_"] for child in host.store.find(Execution) if child.parent}) == 1


def test_a_hundred_tasks(host):
    names = [f"t{number}" for number in range(100)]
    host.chain(
        "long",
        [
            task(name, parameters={"value": "{{ n }}"}, publish={"n": "{{ n | int + 1 }}"}, on_success=following)
            for name, following in zip(names, [*names[1:], ""], strict=False)
        ],
        parameters={"n": {"type": "integer", "default": 0}},
    )
    chain = host.run("long")
    assert chain.status == "succeeded", chain.result[-500:]
    assert host.scripted.ran == names
    assert result_of(chain)["tasks"][99]["result"] == {"value": "99"}


def test_a_result_that_grows_too_large(host):
    host.scripted.acts["echo"] = lambda _run: Outcome("succeeded", {"big": "x" * (8 * 1024 * 1024)})
    host.chain("large", [task("a", on_success="b"), task("b", on_success="c"), task("c")])
    chain = host.run("large")
    assert chain.status == "failed"
    assert states(chain) == {"a": "succeeded"}
    assert "the most that is kept" in result_of(chain)["error"]
    assert len(host.children(chain)) == 2


def test_secrets_of_tasks_are_masked_by_their_own_action(host):
    from st2lite.executions.snapshots import Snapshots
    from st2lite.executions.views import ExecutionViews

    host.register("secret", parameters={"password": {"type": "string", "secret": True}})
    host.chain("hidden", [task("a", "test.secret", parameters={"password": "{{ word }}"})], parameters={"word": {}})
    chain = host.run("hidden", {"word": "sesame"})
    views = ExecutionViews(Snapshots(host.store), "http://127.0.0.1")
    assert views.execution(host.children(chain)[0])["parameters"] == {"password": "********"}
    assert views.execution(chain)["liveaction"]["action_is_workflow"] is True
    assert json.dumps(chain.workflow).count("sesame") == 0


def test_a_chain_that_runs_itself_comes_to_an_end(host, monkeypatch):
    monkeypatch.setattr("st2lite.workflows.children.MOST_LEVELS", 5)
    host.chain("round", [task("again", "test.round")])
    chain = host.run("round")
    assert chain.status == "failed"
    assert len(host.store.find(Execution)) == 5
    innermost = max(host.store.find(Execution), key=lambda execution: execution.start_timestamp)
    assert result_of(innermost)["error"] == (
        'Failed to run task "again". Chains are 5 deep within each other here: does one of them run itself?'
    )


def test_chains_may_be_as_deep_as_the_limit_says(host):
    host.chain("level0", [task("bottom")])
    for level in range(1, MOST_LEVELS - 1):
        host.chain(f"level{level}", [task("down", f"test.level{level - 1}")])
    assert host.run(f"level{MOST_LEVELS - 2}").status == "succeeded"

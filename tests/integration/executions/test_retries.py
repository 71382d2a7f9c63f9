"""Retry policies: what runs again, how often, and that it does so once."""

import pytest

from st2lite.executions.requests import Requests
from st2lite.executions.retries import Retries
from st2lite.executions.snapshots import Snapshots
from st2lite.models.action import Action, RunnerType
from st2lite.models.execution import Execution
from st2lite.models.policy import RETRY, Policy
from st2lite.policies.index import PolicyIndex
from st2lite.storage.contract import Equal


@pytest.fixture
def retries(store, bus):
    store.insert(RunnerType(name="noop", runner_module="noop_runner"))
    store.insert(Action(name="noop", pack="core", runner_type="noop", parameters={"host": {"type": "string"}}))
    requests = Requests(store, bus, Snapshots(store), None, lambda pack, user: {})
    return Retries(PolicyIndex(store), requests.request)


@pytest.fixture
def policy(store):
    def policy(retry_on="failure", **parameters):
        store.insert(
            Policy(
                name=f"again-{retry_on}",
                resource_ref="core.noop",
                policy_type=RETRY,
                parameters={"retry_on": retry_on, **parameters},
            )
        )

    return policy


def attempts(store, origin):
    return [found for found in store.find(Execution) if found.id != origin.id]


def test_the_next_attempt_is_like_the_first(store, make, retries, policy):
    policy()
    cause = {"id": "r", "name": "core.rule"}
    notify = {"on-complete": {"message": "done", "routes": ["slack"]}}
    first = make(status="failed", parameters={"host": "h1"}, notify=notify, rule=cause)
    retries.ended(first)
    (again,) = attempts(store, first)
    assert (again.status, again.parameters, again.notify, again.rule) == ("requested", {"host": "h1"}, notify, cause)
    assert (again.context["user"], again.delay) == ("stanley", 0)
    assert again.trace["id_"] == first.id
    assert again.context["policies"]["retry"] == {
        "applied_policy": "default.again-failure",
        "retry_count": 1,
        "retried_liveaction_id": first.liveaction_id,
    }


def test_an_end_that_is_told_twice_is_repeated_once(store, make, retries, policy):
    policy()
    first = make(status="failed")
    retries.ended(first)
    retries.ended(first)
    assert len(attempts(store, first)) == 1


def test_no_more_attempts_than_the_policy_allows(store, make, retries, policy):
    policy(max_retry_count=2)
    first = execution = make(status="failed")
    for _ in range(5):
        retries.ended(execution)
        found = attempts(store, first)
        execution = max(found, key=lambda one: one.context["policies"]["retry"]["retry_count"])
        execution.status = "failed"
        store.replace(execution)
    assert sorted(one.context["policies"]["retry"]["retry_count"] for one in attempts(store, first)) == [1, 2]


def test_a_delay_is_kept(store, make, retries, policy):
    policy("timeout", delay=1.5)
    first = make(status="timeout")
    retries.ended(first)
    (again,) = attempts(store, first)
    assert (again.delay, again.due is not None) == (1500, True)


@pytest.mark.parametrize("status", ["succeeded", "timeout", "canceled", "abandoned"])
def test_only_the_end_that_the_policy_names(store, make, retries, policy, status):
    policy("failure")
    first = make(status=status)
    retries.ended(first)
    assert attempts(store, first) == []


def test_the_children_of_workflows_are_left_to_them(store, make, retries, policy):
    policy()
    child = make(status="failed", parent="5f" * 12)
    retries.ended(child)
    assert attempts(store, child) == []


def test_an_action_that_is_gone_is_not_repeated(store, make, retries, policy, caplog):
    policy()
    (action,) = store.find(Action, (Equal("ref", "core.noop"),))
    store.delete(Action, action.id)
    first = make(status="failed")
    retries.ended(first)
    assert attempts(store, first) == []
    assert 'Policy "default.again-failure" cannot repeat execution' in caplog.text

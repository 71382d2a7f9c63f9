"""Policies as metadata describes them."""

from __future__ import annotations

import pytest

from st2lite.content.policies import make_policy
from st2lite.models.errors import ContentError

LIMIT = {"name": "few", "resource_ref": "core.local", "policy_type": "action.concurrency"}


def test_defaults_are_filled_in() -> None:
    policy = make_policy({**LIMIT, "parameters": {"threshold": 3}}, "examples")
    assert (policy.ref, policy.uid) == ("examples.few", "policy:examples:few")
    assert (policy.enabled, policy.parameters) == (True, {"threshold": 3, "action": "delay"})
    again = {**LIMIT, "policy_type": "action.retry", "parameters": {"retry_on": "failure", "delay": None}}
    assert make_policy(again, "examples").parameters == {"retry_on": "failure", "max_retry_count": 2, "delay": 0}


def test_what_the_api_shows_is_accepted_back() -> None:
    shown = {
        "id": "5f" * 12,
        "uid": "policy:examples:few",
        "ref": "examples.few",
        "pack": "examples",
        "description": "",
    }
    content = {**LIMIT, **shown, "metadata_file": "policies/few.yaml", "enabled": False, "parameters": {"threshold": 1}}
    assert make_policy(content, "examples").enabled is False


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": None}, "name has to be given"),
        ({"resource_ref": ""}, "resource_ref has to be given"),
        ({"resource_ref": "local"}, 'resource_ref "local" has to be the reference of an action, like core.local'),
        ({"name": "a/b"}, 'name "a/b" must not contain slashes'),
        ({"name": 7}, "name has to be text"),
        ({"pack": "other"}, 'pack is "other", but the policy lies in pack "examples"'),
        ({"enabled": "no"}, "enabled has to be true or false"),
        ({"parameters": [1]}, "parameters has to be a map"),
        ({"treshold": 1}, 'unknown attribute "treshold"'),
        ({"policy_type": "action.quota"}, "there are action.concurrency, action.concurrency.attr, action.retry"),
        ({"parameters": {}}, "'threshold' is a required property"),
        ({"parameters": {"threshold": 0}}, '"threshold": 0 is less than the minimum of 1'),
        ({"parameters": {"threshold": "3"}}, "\"threshold\": '3' is not of type 'integer'"),
        ({"parameters": {"threshold": 1, "action": "wait"}}, "'wait' is not one of ['delay', 'cancel']"),
        ({"parameters": {"threshold": 1, "limit": 2}}, 'unknown parameter "limit"; action.concurrency takes threshold'),
        (
            {"policy_type": "action.concurrency.attr", "parameters": {"threshold": 1, "attributes": ["a", "a"]}},
            "attributes",
        ),
        (
            {"policy_type": "action.retry", "parameters": {"retry_on": "failure", "max_retry_count": 9}},
            "max_retry_count",
        ),
        ({"policy_type": "action.retry", "parameters": {"retry_on": "failure", "delay": 121}}, "delay"),
    ],
)
def test_mistakes_are_named(change: dict[str, object], text: str) -> None:
    with pytest.raises(ContentError) as caught:
        make_policy({**LIMIT, "parameters": {"threshold": 1}, **change}, "examples")
    assert text in caught.value.message


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ContentError, match=r"unknown attribute.*; name has to be given; .*parameters has to be a map"):
        make_policy({"colour": 1, "resource_ref": "a.b", "policy_type": "action.retry", "parameters": 1}, "examples")


def test_limits_need_coordination_unless_they_are_off() -> None:
    limit = {**LIMIT, "parameters": {"threshold": 1}}
    with pytest.raises(ContentError, match=r'policy "examples.few" .*set url in section \[coordination\] of st2.conf'):
        make_policy(limit, "examples", coordinated=False)
    assert not make_policy({**limit, "enabled": False}, "examples", coordinated=False).enabled
    again = {**LIMIT, "policy_type": "action.retry", "parameters": {"retry_on": "failure"}}
    assert make_policy(again, "examples", coordinated=False).enabled

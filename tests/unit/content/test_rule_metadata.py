"""Metadata of rules."""

import pytest

from st2lite.content.rules import make_rule
from st2lite.models.errors import ContentError

MINIMUM = {"name": "r", "trigger": {"type": "core.st2.webhook"}, "action": {"ref": "core.local"}}


def make(**content):
    return make_rule({**MINIMUM, **content}, "p")


def test_what_may_be_left_out():
    rule = make(description=None, criteria=None, type=None, tags=None, throttle=None, pack="p")
    assert (rule.ref, rule.enabled, rule.criteria, rule.throttle) == ("p.r", False, {}, {})
    assert rule.type == {"ref": "standard", "parameters": {}}
    assert rule.trigger == {"type": "core.st2.webhook", "parameters": {}}
    assert rule.action == {"ref": "core.local", "parameters": {}}


def test_what_the_api_adds_is_accepted_and_not_kept():
    trigger = {"type": "core.st2.webhook", "parameters": {"url": "a"}, "ref": "core.x", "description": "d"}
    rule = make(id="1", uid="rule:p:r", ref="p.r", trigger=trigger, context={"user": "jane"}, enabled=True)
    assert rule.trigger == {"type": "core.st2.webhook", "parameters": {"url": "a"}}
    assert (rule.id, rule.enabled, rule.context) == ("", True, {"user": "jane"})


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"name": None}, "name has to be given"),
        ({"name": "a\nb"}, "must not contain slashes or line breaks"),
        ({"trigger": None}, "trigger has to be given"),
        ({"action": {}}, "action has to be given"),
        ({"trigger": "core.st2.webhook"}, "trigger has to be a map"),
        ({"trigger": {"parameters": {}}}, "trigger.type has to be given"),
        ({"trigger": {"type": "webhook"}}, 'trigger.type "webhook" has to be a reference such as'),
        ({"trigger": {"type": "core.st2.webhook", "parameters": []}}, None),
        ({"trigger": {"type": "core.st2.webhook", "parameters": [1]}}, "trigger.parameters has to be a map"),
        ({"action": {"ref": 5}}, 'action.ref "5" has to be a reference'),
        ({"action": {"ref": "core.local", "parameters": "x"}}, "action.parameters has to be a map"),
        ({"type": {"ref": "odd"}}, 'type.ref "odd" is no type of rules; there are standard, backstop'),
        ({"criteria": []}, None),
        ({"criteria": "x"}, "criteria has to be a map"),
        ({"criteria": {"trigger.a": "x"}}, "trigger.a"),
        ({"enabled": "yes"}, "enabled has to be true or false"),
        ({"pack": "q"}, 'pack is "q", but the rule lies in pack "p"'),
        ({"criterion": {}}, 'unknown attribute "criterion"; a rule has action, context, criteria'),
        ({"tags": ["x"]}, "tags has to be a list of maps"),
    ],
)
def test_what_is_wrong_is_named(content, text):
    if text is None:
        assert make(**content).ref == "p.r"
        return
    with pytest.raises(ContentError, match=text):
        make(**content)


def test_all_that_is_wrong_is_listed():
    with pytest.raises(ContentError) as caught:
        make(trigger={"type": "x"}, action={"ref": "y"}, type={"ref": "z"})
    assert caught.value.message.count(";") >= 2

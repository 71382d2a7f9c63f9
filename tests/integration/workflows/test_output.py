"""What a chain publishes, held against the output schema of its action."""

import pytest

from st2lite.executions.output_schema import MESSAGE
from tests.integration.workflows.chain_host import RUNNERS, result_of, states, task

SCHEMA = {"type": "object", "properties": {"count": {"type": "string", "pattern": "^[0-9]+$"}}, "required": ["count"]}


@pytest.fixture
def counting(make_host):
    """A host that validates, with the chain `count`, which publishes the number that it is given."""
    host = make_host(validate_output=True)
    tasks = [
        task("a", parameters={"value": "{{ number }}"}, publish={"count": "{{ number }}"}, on_success="b"),
        task("b"),
    ]
    host.chain("count", tasks, parameters={"number": {}}, output_schema=SCHEMA)
    return host


def test_what_fits_the_schema_is_left_alone(counting):
    chain = counting.run("count", {"number": 5})
    assert chain.status == "succeeded"
    assert result_of(chain)["published"] == {"count": "5"}


def test_a_chain_whose_output_breaks_its_schema_has_failed(counting):
    chain = counting.run("count", {"number": "many"})
    assert chain.status == "failed"
    result = result_of(chain)
    assert "output" in result["error"] and "count" in result["error"]
    assert result["message"] == MESSAGE
    assert states(chain) == {"a": "succeeded", "b": "succeeded"}  # what ran is still to be seen


def test_output_that_is_not_shown_is_checked_all_the_same(counting):
    good = counting.run("count", {"number": 5, "display_published": False})
    bad = counting.run("count", {"number": "many", "display_published": False})
    assert (good.status, bad.status) == ("succeeded", "failed")
    assert "published" not in result_of(good)


def test_a_chain_that_failed_keeps_its_own_error(counting):
    counting.chain("broken", [task("a", "test.missing")], output_schema=SCHEMA)
    result = result_of(counting.run("broken"))
    assert "test.missing" in result["error"]
    assert "message" not in result


def test_nothing_is_checked_unless_that_is_asked_for(host):
    host.chain("free", [task("a")], output_schema=SCHEMA)
    assert host.run("free").status == "succeeded"


def test_secrets_among_the_output_are_found_by_the_schema():
    from st2lite.models.action import Action
    from st2lite.rendering.secrets import MASK, mask_result

    schema = {"type": "object", "properties": {"word": {"type": "string", "secret": True}}}
    action = Action(name="a", pack="p", runner_type="action-chain", output_schema=schema)
    shown = mask_result({"tasks": [], "published": {"word": "x", "n": 1}}, action, RUNNERS["action-chain"])
    assert shown == {"tasks": [], "published": {"word": MASK, "n": 1}}

from __future__ import annotations

import pytest

from st2lite.models.errors import InvalidInput
from st2lite.runners.environment import action_variables, user_variables
from tests.runs import make_run


def test_action_variables() -> None:
    assert action_variables(make_run("local-shell-cmd", {})) == {
        "ST2_ACTION_PACK_NAME": "examples",
        "ST2_ACTION_EXECUTION_ID": "65f0aa0000000000000000e1",
        "ST2_ACTION_API_URL": "http://127.0.0.1:9101/v1",
        "ST2_ACTION_DEBUG": "False",
        "ST2_ACTION_AUTH_TOKEN": "token-of-the-run",
    }
    assert action_variables(make_run("python-script", {"debug": True}))["ST2_ACTION_DEBUG"] == "True"


def test_user_variables_become_text() -> None:
    run = make_run("local-shell-cmd", {"env": {"TEXT": "é", "NUMBER": 1, "FLAG": True, "NOTHING": None}})
    assert user_variables(run) == {"TEXT": "é", "NUMBER": "1", "FLAG": "True", "NOTHING": ""}
    assert user_variables(make_run("local-shell-cmd", {"env": None})) == {}


@pytest.mark.parametrize("env", [{"": "x"}, {"A=B": "x"}, {"A\0": "x"}, {"A": "x\0y"}])
def test_what_no_environment_can_hold_is_refused(env: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match='Parameter "env"'):
        user_variables(make_run("local-shell-cmd", {"env": env}))

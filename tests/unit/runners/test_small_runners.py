"""Runners that start nothing, and the registry that finds them all."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from st2lite.models.action import RunnerType
from st2lite.models.errors import InvalidInput, NotFound
from st2lite.runners import announcement, inquirer, noop
from st2lite.runners.registry import MODULES, RunnerRegistry
from tests.runs import make_run, make_settings


def test_noop(tmp_path: Path) -> None:
    outcome = noop.create(make_settings(tmp_path)).run(make_run("noop", {}))
    assert outcome.status == "succeeded"
    assert outcome.result == {"failed": False, "succeeded": True, "return_code": 0}


def test_announcement(tmp_path: Path) -> None:
    runner = announcement.create(make_settings(tmp_path))
    heard: list[tuple[str, dict[str, Any]]] = []
    run = make_run("announcement", {"experimental": True, "route": "chatops"}, {"message": "hi"})
    outcome = runner.run(replace(run, announce=lambda route, payload: heard.append((route, payload))))
    assert heard == [("chatops", {"message": "hi"})]
    assert (outcome.status, outcome.result) == ("succeeded", {"output": {"message": "hi"}, "message": "hi"})


def test_announcement_has_to_be_wanted(tmp_path: Path) -> None:
    def announce(route: str, payload: dict[str, Any]) -> None:
        raise AssertionError("nothing was to be announced")

    run = replace(make_run("announcement", {"experimental": False}), announce=announce)
    outcome = announcement.create(make_settings(tmp_path)).run(run)
    assert outcome.status == "failed"
    assert '"experimental"' in outcome.result["error"]


@pytest.mark.parametrize("ttl", [0, 5])
def test_inquirer(tmp_path: Path, ttl: int) -> None:
    asked = {"schema": {"type": "object"}, "roles": ["r"], "users": ["u"], "route": "x", "ttl": ttl}
    outcome = inquirer.create(make_settings(tmp_path)).run(make_run("inquirer", asked))
    assert (outcome.status, outcome.result) == ("pending", asked)


def test_inquirer_defaults(tmp_path: Path) -> None:
    run = make_run("inquirer", {"schema": {"type": "object"}, "roles": None, "ttl": None})
    outcome = inquirer.create(make_settings(tmp_path)).run(run)
    assert outcome.result == {"schema": {"type": "object"}, "roles": [], "users": [], "route": "", "ttl": 1440}


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"schema": {"type": "nope"}}, "schema: type has to be one of array,"),
        ({"schema": {"properties": {"pin": {"pattern": "("}}}}, "schema, pin: pattern has to be a regular expression"),
        ({"ttl": -1}, '"ttl" is -1: give minutes from 1 to'),
        ({"ttl": 2**80}, '"ttl" is 1208925819614629174706176: give minutes'),
        ({"users": [1]}, '"users" has to be a list of names'),
        ({"roles": [{}]}, '"roles" has to be a list of names'),
    ],
)
def test_a_question_that_nobody_could_answer_is_not_asked(tmp_path: Path, asked: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        inquirer.create(make_settings(tmp_path)).run(make_run("inquirer", asked))
    assert text in caught.value.message


def runner_type(name: str) -> RunnerType:
    return make_run(name, {}).runner


def test_registry_creates_one_runner_per_module(tmp_path: Path) -> None:
    registry = RunnerRegistry(make_settings(tmp_path))
    local = registry.get(runner_type("local-shell-cmd"))
    assert registry.get(runner_type("local-shell-script")) is local
    assert registry.get(runner_type("noop")) is not local
    registry.close()
    assert registry.get(runner_type("local-shell-cmd")) is not local


def test_registry_knows_what_it_cannot_run(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match='runner type "cobol"; known are announcement'):
        RunnerRegistry(make_settings(tmp_path)).get(runner_type("cobol"))


@pytest.mark.parametrize("module", sorted(set(MODULES.values())))
def test_every_module_can_create_its_runner(tmp_path: Path, module: str) -> None:
    runner = importlib.import_module(module).create(make_settings(tmp_path))
    runner.close()
    assert callable(runner.run)

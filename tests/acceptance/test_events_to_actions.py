"""A timer, sensors and policies, through the processes of a deployment: action runners share their locks in Redis."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from st2client.client import Client
from st2client.models import LiveAction, Token
from tests.acceptance.conftest import KINDS, make_virtualenv
from tests.acceptance.harbor import wait_until
from tests.servers.deployment import Deployment, Separate
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.slow

PACKS = Path(__file__).parents[1] / "fixtures" / "packs"


@pytest.fixture(scope="module", params=list(KINDS))
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment with the pack `lighthouse`, and with two action runners where those are processes of their own."""
    directory = tmp_path_factory.mktemp("lighthouse")
    shutil.copytree(PACKS / "lighthouse", directory / "packs" / "lighthouse")
    with RedisServer(directory / "redis") as redis:
        settings = {"coordination": {"url": redis.url}}
        deployment = KINDS[request.param](directory, packs=[directory / "packs"], settings=settings)
        make_virtualenv(deployment.base_path / "virtualenvs" / "lighthouse")
        with deployment:
            if isinstance(deployment, Separate):
                deployment.add_action_runner()
            yield deployment


@pytest.fixture(scope="module")
def client(host: Deployment) -> Iterator[Client]:
    with Client(api_url=host.api_url, auth_url=host.auth_url, stream_url=host.stream_url) as client:
        client.token = client.tokens.create(Token(), auth=(host.user, host.password)).token
        yield client


@pytest.fixture
def run(client: Client) -> Callable[..., Any]:
    """Request an action of the pack, and return its execution as it is then."""
    return lambda name, **parameters: client.executions.create(
        LiveAction(action=f"lighthouse.{name}", parameters=parameters)
    )


def said(client: Client, rule: str) -> list[str]:
    """What executions that a rule of the pack began have printed."""
    ended = client.executions.query(rule=rule, status="succeeded", limit=-1)
    return [execution.result["stdout"] for execution in ended]


def statuses(execution: Any) -> list[str]:
    """What an execution went through."""
    return [entry["status"] for entry in execution.log]


def test_a_timer_fires_again_and_again(client: Client) -> None:
    wait_until(lambda: len(said(client, "tick")) > 1, "the timer did not fire twice")
    first, second, *_ = sorted(said(client, "tick"))
    assert first.startswith("at 20")
    assert first < second


@pytest.mark.parametrize("sensor", ["beacon", "sounding"])
def test_what_a_sensor_dispatches_begins_an_action(host: Deployment, client: Client, sensor: str) -> None:
    def heard() -> list[list[str]]:
        return sorted(words for text in said(client, "signal") if (words := text.split())[0] == sensor)

    wait_until(lambda: len(heard()) == 2, f"the {sensor} was not heard twice")
    (_, one, pid), (_, two, same) = heard()
    assert (one, two, pid) == ("1", "2", same)
    container = host.pids["st2sensorcontainer" if isinstance(host, Separate) else "st2lite"]
    assert psutil.Process(int(pid)).ppid() == container


def test_a_concurrency_policy_has_executions_wait(client: Client, run: Callable[..., Any], tmp_path: Path) -> None:
    def current() -> list[Any]:
        return [client.executions.get_by_id(ship.id) for ship in ships]

    closed = tmp_path / "place.closed"
    closed.touch()
    # The first one alone: of several that come at once a busy host may delay each, for they wait for the same lock.
    ships = [run("strait", place=str(tmp_path / "place"))]
    wait_until(lambda: [ship.status for ship in current()] == ["running"], "the first one does not begin")
    ships += [run("strait", place=str(tmp_path / "place")) for _ in range(4)]
    wait_until(lambda: sorted(ship.status for ship in current()) == ["delayed"] * 4 + ["running"], "they do not wait")
    closed.unlink()
    wait_until(lambda: {ship.status for ship in current()} == {"succeeded"}, "they do not all pass one after the other")
    assert ["delayed" in statuses(ship) for ship in current()] == [False, True, True, True, True]


@pytest.mark.parametrize(("times", "ends"), [(2, ["failed", "succeeded"]), (9, ["failed", "failed", "failed"])])
def test_a_retry_policy_repeats_what_failed(
    client: Client, run: Callable[..., Any], tmp_path: Path, times: int, ends: list[str]
) -> None:
    tries = tmp_path / "tries"

    def attempts() -> list[Any]:
        all_of_them = client.executions.query(action="lighthouse.lamp", limit=-1)
        return sorted(
            (each for each in all_of_them if each.parameters["file"] == str(tries)),
            key=lambda each: each.context.get("policies", {}).get("retry", {}).get("retry_count", 0),
        )

    run("lamp", file=str(tries), times=times)
    wait_until(lambda: [each.status for each in attempts()] == ends, f"the attempts did not end as {ends}")
    assert tries.read_text().count("tried") == len(ends)
    for number, (earlier, later) in enumerate(zip(attempts(), attempts()[1:], strict=False), 1):
        assert later.context["policies"]["retry"] == {
            "applied_policy": "lighthouse.light_again",
            "retry_count": number,
            "retried_liveaction_id": earlier.liveaction["id"],
        }
        assert later.delay == 300

"""Policies in the services that carry them out, from the API's document to what runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from st2lite.config.schema import ActionRunner as ActionRunnerOptions
from st2lite.config.schema import Config, Coordination, Database, Messaging, System, SystemUser, current_user
from st2lite.config.schema import Notifier as NotifierOptions
from st2lite.models import statuses
from st2lite.models.execution import Execution
from st2lite.models.policy import CONCURRENCY, RETRY, Policy
from st2lite.services.actionrunner import ActionRunner
from st2lite.services.context import AppContext
from st2lite.services.notifier import Notifier
from st2lite.storage.contract import Equal
from tests.processes import wait_for
from tests.servers.redis import RedisServer

WORKERS = 3


class Deployment:
    """Some action runners and a notifier, each with a context (and so with locks) of its own; all share a bus."""

    def __init__(self, directory: Path, coordination: str | None) -> None:
        config = Config(
            database=Database(host=f"sqlite://{directory / 'st2.db'}"),
            messaging=Messaging(url="memory://"),
            system=System(base_path=str(directory)),
            system_user=SystemUser(user=current_user()),
            coordination=Coordination(url=coordination, lock_timeout=5),
            notifier=NotifierOptions(rescheduling_interval=0.2),
            actionrunner=ActionRunnerOptions(actions_pool_size=6),
        )
        self.context = AppContext(config)
        self.context.connect()
        self.context.registrar.register(packs=["core"])
        self._contexts = [AppContext(config) for _ in range(WORKERS)]
        for context in self._contexts:
            context.__dict__["bus"] = self.context.bus
        self._services: list[Any] = [ActionRunner(context) for context in self._contexts] + [Notifier(self.context)]
        for service in self._services:
            service.start()

    def close(self) -> None:
        for service in reversed(self._services):
            service.stop()
        for context in self._contexts:
            context.__dict__.pop("bus")
            context.close()
        self.context.close()

    def find(self, **fields: Any) -> list[Execution]:
        filters = [Equal(name, value) for name, value in fields.items()]
        return self.context.store.find(Execution, filters, large=False)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Callable[[str | None], Deployment]]:
    opened: list[Deployment] = []

    def deploy(coordination: str | None = None) -> Deployment:
        opened.append(Deployment(tmp_path, coordination))
        return opened[-1]

    yield deploy
    for deployment in opened:
        deployment.close()


def limit(threshold: int) -> Policy:
    return Policy(
        name="few",
        resource_ref="core.local",
        policy_type=CONCURRENCY,
        parameters={"threshold": threshold, "action": "delay"},
    )


def most_at_a_time(executions: list[Execution]) -> int:
    """How many ran at the same time at most, as their logs tell."""
    moments = []
    for execution in executions:
        (begin,) = (entry.timestamp for entry in execution.log if entry.status == statuses.RUNNING)
        assert execution.end_timestamp is not None
        moments += [(begin, 1), (execution.end_timestamp, -1)]
    now = most = 0
    for _, change in sorted(moments):
        now += change
        most = max(most, now)
    return most


def test_a_limit_holds_while_redis_is_killed_and_comes_back(
    redis: RedisServer, deploy: Callable[[str | None], Deployment], tmp_path: Path
) -> None:
    st2 = deploy(redis.url)
    st2.context.store.insert(limit(3))
    killed = tmp_path / "killed"
    for number in range(60):
        wait = f"until [ -e {killed} ]; do sleep 0.05; done; " if number > 10 else ""
        st2.context.executions.request("core.local", {"cmd": f"{wait}sleep 0.05; echo {number}"}, "ann")
    wait_for(lambda: len(st2.find(status="succeeded")) >= 5)
    redis.kill()
    killed.touch()
    wait_for(lambda: not st2.find(status="running"))  # those that ran have ended, and no others begin
    left = len(st2.find(status="succeeded"))
    assert left < 60
    redis.start()
    wait_for(lambda: len(st2.find(status="succeeded")) == 60)
    assert most_at_a_time(st2.find(status="succeeded")) <= 3


def test_a_failed_action_is_tried_again_as_often_as_the_policy_says(
    deploy: Callable[[str | None], Deployment],
) -> None:
    st2 = deploy(None)
    st2.context.store.insert(
        Policy(
            name="again",
            resource_ref="core.local",
            policy_type=RETRY,
            parameters={"retry_on": "failure", "max_retry_count": 2, "delay": 0.1},
        )
    )
    st2.context.executions.request("core.local", {"cmd": "exit 3"}, "ann", {"trace_context": {"trace_tag": "t"}})
    wait_for(lambda: len(st2.find(status="failed")) == 3)
    first, *others = sorted(st2.find(status="failed"), key=lambda execution: execution.start_timestamp)
    assert [execution.context["policies"]["retry"]["retry_count"] for execution in others] == [1, 2]
    assert {execution.trace["id_"] for execution in others} == {first.id}
    st2.context.executions.request("core.local", {"cmd": "true"}, "ann")
    wait_for(lambda: len(st2.find(status="succeeded")) == 1)
    assert len(st2.find()) == 4

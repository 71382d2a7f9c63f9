"""st2-bootstrap-rmq and st2-track-result, on a real broker."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path

import pytest

from st2lite.commands import bootstrap_rmq, track_result
from st2lite.messaging.contract import QUEUES, WORKFLOW, Acknowledge
from st2lite.messaging.messages import ExecutionControl, Message
from st2lite.messaging.open import open_bus
from st2lite.models.execution import Execution
from st2lite.models.ids import new_id
from st2lite.models.timestamps import now
from st2lite.storage.contract import Store
from tests.processes import PATIENCE
from tests.servers.rabbitmq import RabbitServer

Place = Callable[[str], list[str]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Arguments that name an installation with a bus."""

    def write(url: str) -> list[str]:
        conf = tmp_path / "st2.conf"
        conf.write_text(f"[database]\nhost = sqlite://{tmp_path}/st2.db\n[messaging]\nurl = {url}\n")
        return ["--config-file", str(conf)]

    return write


def execution(store: Store, runner: str, status: str) -> str:
    document = Execution(
        id=new_id(), action_ref="mine.act", action_snapshot="a", runner_name=runner, runner_snapshot="b",
        liveaction_id=new_id(), start_timestamp=now(), status=status,
    )  # fmt: skip
    store.insert(document)
    return document.id


def test_the_queues_are_made(place: Place, rabbit_server: RabbitServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap_rmq.main(place(rabbit_server.url)) == 0
    out = capsys.readouterr().out
    assert all(each.name in out for each in QUEUES)
    assert bootstrap_rmq.main(place("memory://")) == 0
    assert "no broker" in capsys.readouterr().out


def test_the_engine_is_asked_to_look_at_a_workflow(
    place: Place, store: Store, rabbit_server: RabbitServer, capsys: pytest.CaptureFixture[str]
) -> None:
    chain, done = execution(store, "action-chain", "running"), execution(store, "action-chain", "succeeded")
    plain = execution(store, "local-shell-cmd", "running")
    received: queue.Queue[Message] = queue.Queue()

    def receive(message: Message, acknowledge: Acknowledge) -> None:
        received.put(message)
        acknowledge()

    bus = open_bus(rabbit_server.url)
    try:
        bus.declare()
        bus.consume(WORKFLOW, receive, prefetch=1)
        assert track_result.main([*place(rabbit_server.url), done, plain, chain]) == 0
        while received.get(timeout=PATIENCE) != ExecutionControl(chain, "continue"):
            """Others use this broker, too."""
    finally:
        bus.close()
    out = capsys.readouterr().out
    assert f"{done} (mine.act): has ended as succeeded" in out
    assert f"{plain} (mine.act): needs no tracking" in out
    assert f"{chain} (mine.act): is running; the engine was asked" in out


def test_what_cannot_be_tracked_is_told(place: Place, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    chain = execution(store, "action-chain", "running")
    assert track_result.main([*place("memory://"), chain]) == 1
    assert "cannot be reached from another process" in capsys.readouterr().err
    away = place("amqp://guest:hunter2@127.0.0.1:1/")
    assert track_result.main([*away, "0" * 24]) == 1
    assert f"no execution {'0' * 24}" in capsys.readouterr().err
    assert track_result.main([*away, chain]) == 1
    err = capsys.readouterr().err
    assert "does not take messages" in err
    assert "hunter2" not in err
    assert bootstrap_rmq.main(away) == 1

"""The bus on a real RabbitMQ, and what happens to it when the broker goes away."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import amqp
import pytest

from st2lite.messaging.amqp_connection import Broker
from st2lite.messaging.contract import QUEUES, WORK, Bus
from st2lite.messaging.messages import Announced, ExecutionChanged, WorkRequested
from st2lite.messaging.open import open_bus
from st2lite.models.errors import BusUnavailable, ConfigError
from tests.conformance.bus_suite import BusSuite, Inbox, ids, make_execution
from tests.processes import PATIENCE
from tests.servers.ports import free_ports
from tests.servers.rabbitmq import RabbitServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    with RabbitServer(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server


@pytest.fixture
def bus(server: RabbitServer) -> Iterator[Bus]:
    bus = open_bus(server.url, confirm_timeout=20)
    bus.declare()
    yield bus
    bus.close()
    with Broker([server.url]).connect(5) as connection, connection.channel() as channel:
        for queue in QUEUES:
            channel.queue_purge(queue.name)


class TestAmqpBus(BusSuite):
    """Everything that the in-process bus does, too."""


class TestOutage:
    def test_a_restart_under_load_loses_no_confirmed_message(self, server: RabbitServer, bus: Bus) -> None:
        inbox = Inbox()
        bus.consume(WORK, inbox.consume, prefetch=10)
        confirmed: list[str] = []
        stopping = threading.Event()

        def publish() -> None:
            while not stopping.is_set():
                execution = make_execution()
                try:
                    bus.publish(WorkRequested(execution))
                except BusUnavailable:
                    continue
                confirmed.append(execution.id)

        publishers = [threading.Thread(target=publish) for _ in range(3)]
        for publisher in publishers:
            publisher.start()
        seen = set(ids(inbox.take(100)))
        server.kill()
        server.start()
        before = len(confirmed)
        while len(confirmed) < before + 100:
            time.sleep(0.05)
        stopping.set()
        for publisher in publishers:
            publisher.join(PATIENCE)
        while not seen >= set(confirmed):
            seen.add(inbox.next().execution.id)
        assert seen >= set(confirmed)

    def test_an_orderly_restart_keeps_what_waits_in_a_queue(self, server: RabbitServer, bus: Bus) -> None:
        executions = [make_execution() for _ in range(20)]
        for execution in executions:
            bus.publish(WorkRequested(execution))
        server.stop()
        server.start()
        inbox = Inbox()
        bus.consume(WORK, inbox.consume, prefetch=5)
        assert ids(inbox.take(20)) == [execution.id for execution in executions]

    def test_subscriptions_come_back_by_themselves(self, server: RabbitServer, bus: Bus) -> None:
        inbox = Inbox()
        bus.subscribe((Announced,), inbox.subscribe)
        server.kill()
        server.start()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            bus.publish(Announced("again", {}))
            try:
                assert inbox.items.get(timeout=0.2)[0] == Announced("again", {})
                return
            except Empty:
                continue
        pytest.fail("the subscription did not come back")

    def test_without_a_broker_publishing_fails_in_time_and_hints_are_dropped(self) -> None:
        (port,) = free_ports(1)
        bus = open_bus(f"amqp://someone:topsecret@127.0.0.1:{port}//", confirm_timeout=0.5)
        with pytest.raises(BusUnavailable, match=r"127\.0\.0\.1") as failure:
            bus.publish(WorkRequested(make_execution()))
        assert "topsecret" not in str(failure.value)
        bus.publish(ExecutionChanged(make_execution()))
        with pytest.raises(BusUnavailable):
            bus.ping()
        bus.close()

    def test_a_consumer_opened_during_an_outage_starts_when_the_broker_is_there(
        self, server: RabbitServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.stop()
        bus = open_bus(server.url, confirm_timeout=0.3)
        inbox = Inbox()
        with caplog.at_level(logging.WARNING):
            bus.consume(WORK, inbox.consume, prefetch=1)
        assert "no broker" in caplog.text
        assert server.password not in caplog.text
        server.start()
        other = open_bus(server.url, confirm_timeout=20)
        other.declare()
        execution = make_execution()
        other.publish(WorkRequested(execution))
        assert inbox.next().execution.id == execution.id
        bus.close()
        other.close()

    def test_a_killed_consumer_process_gives_its_messages_back(self, server: RabbitServer, bus: Bus) -> None:
        executions = [make_execution() for _ in range(3)]
        for execution in executions:
            bus.publish(WorkRequested(execution))
        program = Path(__file__).with_name("stuck_consumer.py")
        with subprocess.Popen(
            [sys.executable, str(program)],
            env={**os.environ, "BUS_URL": server.url},
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            taken = [process.stdout.readline().strip() for _ in range(2)]
            process.send_signal(signal.SIGKILL)
        assert taken == [execution.id for execution in executions[:2]]
        inbox = Inbox()
        bus.consume(WORK, inbox.consume, prefetch=3)
        assert sorted(ids(inbox.take(3))) == sorted(execution.id for execution in executions)


class TestDeclaration:
    @pytest.mark.parametrize("declare", [True, False], ids=["declared", "not declared"])
    def test_work_published_first_of_all_is_kept(self, server: RabbitServer, declare: bool) -> None:
        with Broker([server.url]).connect(5) as connection, connection.channel() as channel:
            for queue in QUEUES:
                channel.queue_delete(queue.name)
        bus = open_bus(server.url)
        if declare:
            bus.declare()
        bus.publish(WorkRequested(make_execution()))
        with Broker([server.url]).connect(5) as connection, connection.channel() as channel:
            assert channel.queue_declare(WORK.name, passive=True).message_count == 1
            channel.queue_purge(WORK.name)
        bus.close()

    def test_a_deleted_queue_is_declared_again_by_its_consumer(self, server: RabbitServer, bus: Bus) -> None:
        inbox = Inbox()
        bus.consume(WORK, inbox.consume, prefetch=1)
        with Broker([server.url]).connect(5) as connection, connection.channel() as channel:
            channel.queue_delete(WORK.name)
        deadline = time.monotonic() + PATIENCE
        arrived = None
        while arrived is None and time.monotonic() < deadline:
            bus.publish(WorkRequested(make_execution()))
            try:
                arrived = inbox.items.get(timeout=0.2)
            except Empty:
                continue
        assert arrived is not None

    def test_a_message_nobody_understands_is_given_up(
        self, server: RabbitServer, bus: Bus, caplog: pytest.LogCaptureFixture
    ) -> None:
        inbox = Inbox()
        bus.consume(WORK, inbox.consume, prefetch=1)
        with Broker([server.url]).connect(5) as connection, connection.channel() as channel:
            channel.basic_publish(amqp.Message('{"type": "of tomorrow"}'), "st2.st2lite", "work.requested")
        execution = make_execution()
        bus.publish(WorkRequested(execution))
        assert inbox.next().execution.id == execution.id
        assert "does not understand" in caplog.text


class TestAddresses:
    def test_the_next_node_of_the_cluster_is_tried(self, server: RabbitServer) -> None:
        (dead,) = free_ports(1)
        bus = open_bus(server.url, cluster_urls=[f"amqp://x:y@127.0.0.1:{dead}//", server.url])
        bus.ping()
        bus.close()

    def test_wrong_credentials_are_reported(self, server: RabbitServer) -> None:
        bus = open_bus(f"amqp://st2:wrong@127.0.0.1:{server.port}//", confirm_timeout=0.2)
        with pytest.raises(BusUnavailable, match="refused"):
            bus.ping()
        bus.close()

    def test_other_schemes_are_refused(self) -> None:
        with pytest.raises(ConfigError, match="cluster_urls"):
            open_bus("amqp://127.0.0.1//", cluster_urls=["redis://127.0.0.1"])


class TestTls:
    def test_the_certificate_is_verified(self, tmp_path: Path) -> None:
        with RabbitServer(tmp_path / "node", tls=True) as server:
            assert server.certificates is not None
            bus = open_bus(server.url, ca_certs=str(server.certificates.authority))
            bus.declare()
            inbox = Inbox()
            bus.consume(WORK, inbox.consume, prefetch=2)
            executions = [make_execution(parameters={"text": "x" * 300_000}) for _ in range(5)]
            for execution in executions:
                bus.publish(WorkRequested(execution))
            assert ids(inbox.take(5)) == [execution.id for execution in executions]
            bus.close()
            trusting_nobody = open_bus(server.url, confirm_timeout=0.2)
            with pytest.raises(BusUnavailable, match=r"(?i)certificate"):
                trusting_nobody.ping()
            trusting_nobody.close()

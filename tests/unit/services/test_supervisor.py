"""What the init system is told."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from st2lite.models.errors import StoreUnavailable
from st2lite.services.dependencies import connect, wait_for
from st2lite.services.supervisor import Supervisor, take_supervisor
from tests.processes import PATIENCE


@pytest.fixture
def init(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(30)
        yield channel


def test_it_is_told_of_start_and_end(init: socket.socket) -> None:
    supervisor = Supervisor(init.getsockname())
    supervisor.show("Waiting:\nfor the database")
    supervisor.up()
    supervisor.ready()
    supervisor.stopping()
    assert [init.recv(1000).decode() for _ in range(4)] == [
        "STATUS=Waiting: for the database",
        "READY=1",
        "READY=1\nSTATUS=Ready.",
        "STOPPING=1\nSTATUS=Stopping.",
    ]


def test_an_address_may_be_abstract() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind("")  # the system gives it an abstract name
        channel.settimeout(30)
        Supervisor("@" + channel.getsockname()[1:].decode()).up()
        assert channel.recv(100) == b"READY=1"


def test_what_the_process_starts_does_not_see_it(init: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": init.getsockname(), "PATH": "/bin"}
    take_supervisor(environ).up()
    assert init.recv(100) == b"READY=1"
    assert environ == {"PATH": "/bin"}


def test_nobody_is_told_without_an_address() -> None:
    take_supervisor({}).ready()


def test_one_that_cannot_be_reached_does_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Supervisor(str(tmp_path / "none")).ready()
    assert "cannot be told" in caplog.text


class Database:
    """One that answers from the second attempt on."""

    def __init__(self) -> None:
        self.attempts = 0

    def connect(self) -> None:
        self.attempts += 1
        if self.attempts == 1:
            raise StoreUnavailable("MongoDB does not answer.")


def test_waiting_for_a_database_is_told() -> None:
    told: list[str] = []
    assert wait_for(Database().connect, lambda _: False, told.append)
    assert told == ["Waiting: MongoDB does not answer.", "Ready."]


def test_so_is_waiting_in_the_background() -> None:
    told: list[str] = []
    over = threading.Event()

    def tell(text: str) -> None:
        told.append(text)
        if text == "Ready.":
            over.set()

    connect(Database().connect, tell)
    assert over.wait(PATIENCE)
    assert told[0] == "Waiting: MongoDB does not answer."
    assert told[-1] == "Ready."

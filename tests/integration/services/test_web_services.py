"""st2api, st2auth and st2stream as processes: draining, logs, outages, a thousand streams."""

from __future__ import annotations

import http.client
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from st2lite.auth.passwords import write_password
from st2lite.messaging.messages import Announced
from st2lite.messaging.open import open_bus
from tests.integration.http.event_source import EventSource
from tests.processes import PATIENCE
from tests.servers.deployment import Separate
from tests.servers.mongod import MongoServer
from tests.servers.ports import free_ports
from tests.servers.rabbitmq import RabbitServer

CLIENTS = 1000


def eventually(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    pytest.fail(f"did not happen: {what}")


class Web(Separate):
    """The services that answer requests, without those that run actions."""

    SERVICES = ("st2api", "st2auth", "st2stream")

    def start(self) -> None:
        self.prepare()
        for name in self.SERVICES:
            self._spawn(name, name, "--config-file", self.configuration)
        for section, name in (("api", "st2api"), ("auth", "st2auth"), ("stream", "st2stream")):
            self._wait_for_url(name, f"{self._base(section)}/readyz")

    def log_in(self) -> str:
        answer = requests.post(f"{self.auth_url}/tokens", auth=(self.user, self.password), timeout=PATIENCE)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    def service_log(self, name: str) -> str:
        path = self.directory / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""


@pytest.fixture(scope="module")
def web(
    tmp_path_factory: pytest.TempPathFactory, mongo_server: MongoServer, rabbit_server: RabbitServer
) -> Iterator[Web]:
    directory = tmp_path_factory.mktemp("web")
    (directory / "logs").mkdir()
    settings = {"log": {"directory": directory / "logs"}, "stream": {"heartbeat": 2}, "auth": {"workers": 2}}
    with Web(directory, settings=settings, mongo=mongo_server, rabbit=rabbit_server) as deployment:
        yield deployment


def restart(web: Web) -> None:
    """Bring back what a test has stopped."""
    for name in [name for name, process in web.processes.items() if process.poll() is not None]:
        del web.processes[name]
    web.start()


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE)


def test_a_token_of_st2auth_opens_the_others(web: Web) -> None:
    token = web.log_in()
    answer = requests.get(f"{web.api_url}/user", headers={"X-Auth-Token": token}, timeout=PATIENCE)
    assert answer.json()["username"] == web.user
    with EventSource(f"{web.stream_url}/stream", **{"x-auth-token": token}) as source:
        assert source.line() == ""
        bus = open_bus(web.rabbit.url)
        bus.publish(Announced("chatops", {"message": "hello"}))
        bus.close()
        assert source.next()[0] == "st2.announcement__chatops"


@pytest.mark.parametrize("name", ["st2api", "st2auth", "st2stream"])
def test_a_path_may_begin_with_slashes(web: Web, name: str) -> None:
    url = {"st2api": web.api_url, "st2auth": web.auth_url, "st2stream": web.stream_url}[name]
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE)
    connection.request("GET", "//v1//healthz/")
    assert connection.getresponse().status == 200
    connection.close()


def test_only_several_workers_have_a_parent(web: Web) -> None:
    workers = {name: len(psutil.Process(web.processes[name].pid).children()) for name in ("st2api", "st2auth")}
    assert workers == {"st2api": 0, "st2auth": 2}


class TestStopping:
    def test_a_request_under_way_is_answered(self, web: Web) -> None:
        process = web.processes["st2auth"]
        with connect(web.auth_url) as client:
            client.sendall(b"POST /tokens HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"  # said by the thread that works on it
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)  # nothing tells when it has begun to stop; too early only means to test nothing
            client.sendall(b"{}")
            assert client.recv(65536).startswith(b"HTTP/1.1 401 ")
        assert process.wait(PATIENCE) == 0
        restart(web)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    @pytest.mark.parametrize("name", ["st2api", "st2stream"])
    def test_it_ends_soon_and_without_complaint(self, web: Web, name: str, number: signal.Signals) -> None:
        process = web.processes[name]
        children = psutil.Process(process.pid).children(recursive=True)
        before = len(web.service_log(name))
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
        assert not [child for child in children if child.is_running()]
        assert "Traceback" not in web.service_log(name)[before:]
        assert "Traceback" not in web.log(name)
        restart(web)

    def test_open_streams_are_ended(self, web: Web) -> None:
        with EventSource(f"{web.stream_url}/stream", **{"x-auth-token": web.log_in()}) as source:
            assert source.line() == ""
            web.processes["st2stream"].send_signal(signal.SIGTERM)
            assert source.rest() == []
        assert web.processes["st2stream"].wait(PATIENCE) == 0
        restart(web)


class TestLogs:
    @pytest.mark.parametrize("name", ["st2auth", "st2stream"])
    def test_sigusr1_opens_them_anew(self, web: Web, name: str) -> None:
        path = web.directory / "logs" / f"{name}.log"
        assert f"{name} is ready" in path.read_text()
        rotated = path.with_suffix(".log.1")
        path.rename(rotated)
        web.processes[name].send_signal(signal.SIGUSR1)
        eventually(path.exists, "a new log file")
        assert web.processes[name].poll() is None

    def test_mistakes_in_the_configuration_are_told_in_words(self, tmp_path: Path) -> None:
        path = tmp_path / "st2.conf"
        path.write_text("[auth]\nport = many\n")
        command = [sys.executable, "-m", "st2lite.commands.st2auth", "--config-file", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.returncode == 2
        assert "port" in done.stderr
        assert "Traceback" not in done.stderr

    def test_so_is_an_address_in_use(self, web: Web, tmp_path: Path) -> None:
        path = tmp_path / "st2.conf"
        taken = urlsplit(web.stream_url).port
        path.write_text(f"[stream]\nport = {taken}\n[database]\nhost = sqlite://{tmp_path}/st2.db\n")
        command = [sys.executable, "-m", "st2lite.commands.st2stream", "--config-file", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.returncode == 2
        assert f"127.0.0.1:{taken} cannot be used" in done.stderr
        assert "Traceback" not in done.stderr


def test_without_broker_and_database_it_starts_says_so_and_recovers(tmp_path: Path, mongo_server: MongoServer) -> None:
    with RabbitServer(tmp_path / "rabbitmq") as rabbit:
        rabbit.stop()
        (port,) = free_ports(1)
        write_password(tmp_path / "htpasswd", "ada", "x")
        conf = tmp_path / "st2.conf"
        conf.write_text(
            f"[api]\nport = {port}\n[database]\nhost = {mongo_server.uri('outage')}\n"
            f"[messaging]\nurl = {rabbit.url}\nconfirm_timeout = 1\n[system]\nbase_path = {tmp_path}\n"
        )
        process = subprocess.Popen([sys.executable, "-m", "st2lite.commands.st2api", "--config-file", str(conf)])
        try:
            url = f"http://127.0.0.1:{port}"

            def status() -> int:
                try:
                    return requests.get(f"{url}/readyz", timeout=PATIENCE).status_code
                except requests.ConnectionError:
                    return 0

            eventually(lambda: status() == 503, "an answer without a broker")
            answer = requests.get(f"{url}/readyz", timeout=PATIENCE).json()
            assert answer["checks"]["store"] == "ok"
            assert "does not answer" in answer["checks"]["bus"]
            assert rabbit.password not in str(answer)
            assert requests.get(f"{url}/healthz", timeout=PATIENCE).status_code == 200
            rabbit.start()
            eventually(lambda: status() == 200, "an answer with the broker")
        finally:
            process.terminate()
            assert process.wait(PATIENCE) == 0


@pytest.mark.slow
def test_a_thousand_clients_follow_the_stream(web: Web) -> None:
    request = f"GET /v1/stream HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {web.log_in()}\r\n\r\n".encode()
    process = psutil.Process(web.processes["st2stream"].pid)
    crowd = _Crowd()
    try:
        for _ in range(CLIENTS):
            client = connect(web.stream_url)
            client.sendall(request)
            crowd.add(client)
        crowd.read_until(lambda text: b"\r\n\r\n1\r\n\n\r\n" in text)
        assert all(text.startswith(b"HTTP/1.1 200 ") for text in crowd.received.values())
        bus = open_bus(web.rabbit.url)
        for number in range(3):
            bus.publish(Announced("general", {"number": number}))
        bus.close()
        crowd.read_until(lambda text: text.count(b"event: st2.announcement__general") == 3)
        assert all(b'"number":2' in text for text in crowd.received.values())
        assert requests.get(web.stream_url.replace("/v1", "/healthz"), timeout=PATIENCE).status_code == 200
    finally:
        crowd.close()
    eventually(lambda: len(process.net_connections()) < CLIENTS, "the clients being forgotten")


class _Crowd:
    """Many sockets, read together."""

    def __init__(self) -> None:
        self.received: dict[socket.socket, bytes] = {}

    def add(self, client: socket.socket) -> None:
        self.received[client] = b""

    def read_until(self, satisfied: Callable[[bytes], bool]) -> None:
        waiting = {client.fileno(): client for client, text in self.received.items() if not satisfied(text)}
        poll = select.poll()
        for number in waiting:
            poll.register(number, select.POLLIN)
        deadline = time.monotonic() + 2 * PATIENCE
        while waiting and time.monotonic() < deadline:
            for number, _ in poll.poll(1000):
                client = waiting[number]
                data = client.recv(65536)
                assert data, "the server closed a stream"
                self.received[client] += data
                if satisfied(self.received[client]):
                    poll.unregister(number)
                    del waiting[number]
        assert not waiting, f"{len(waiting)} clients still wait"

    def close(self) -> None:
        for client in self.received:
            client.close()

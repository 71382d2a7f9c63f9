"""HTTP: kept connections, TLS, proxies, streams."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from st2client.connections import Pool
from st2client.errors import ConfigError, ConnectionFailed, HTTPError
from st2client.sse import Event, read_events
from st2client.transport import HttpClient, path
from tests.servers.api import FakeApi, fault
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.web import Answer, WebServer


@pytest.fixture
def web(home: Path) -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(home: Path, certificates: Certificates) -> Iterator[WebServer]:
    with WebServer(certificates=certificates) as server:
        yield server


def client(web: WebServer, **options: object) -> HttpClient:
    return HttpClient(web.url(""), **options)  # type: ignore[arg-type]


def test_paths() -> None:
    assert path("keys", "a b/c", "x") == "/keys/a%20b%2Fc/x"
    assert path("rbac/roles", "admin") == "/rbac/roles/admin"


def test_connections_are_kept(web: WebServer) -> None:
    http = client(web)
    http.get("/echo")
    (connections,) = http.pool._idle.values()
    first = connections[0].sock
    http.get("/status/404")
    assert connections[0].sock is first
    http.pool.close()


def test_a_connection_the_server_closed_is_replaced() -> None:
    """The server answers one request for each connection and then hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def serve() -> None:
        for _ in range(2):
            connection, _address = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    thread = threading.Thread(target=serve)
    thread.start()
    http = HttpClient(f"http://127.0.0.1:{listener.getsockname()[1]}")
    try:
        assert [http.get("/").json(), http.get("/").json()] == [{}, {}]
    finally:
        thread.join()
        listener.close()
        http.pool.close()


def test_a_server_that_hangs_up_at_once_is_an_error() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _address = listener.accept()
        connection.recv(65536)
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    http = HttpClient(f"http://127.0.0.1:{listener.getsockname()[1]}")
    with pytest.raises(ConnectionFailed, match="broke off"):
        http.get("/")
    thread.join()
    listener.close()


def test_timeouts(web: WebServer) -> None:
    with pytest.raises(ConnectionFailed, match="did not answer in time"):
        client(web).get("/slow", timeout=0.1)


def test_servers_are_verified(secure: WebServer, certificates: Certificates) -> None:
    with pytest.raises(ConnectionFailed, match="is not accepted by the CAs this machine trusts") as caught:
        client(secure).get("/echo")
    assert "--cacert" in caught.value.hint
    assert "ST2_CACERT=false" in caught.value.hint
    for cacert in (str(certificates.authority), False):
        http = client(secure, cacert=cacert)
        assert http.get("/echo").status_code == 200
        http.pool.close()


def test_certificates_of_other_hosts_are_refused(secure: WebServer, certificates: Certificates) -> None:
    url = secure.url("", host="127.0.0.2")
    with pytest.raises(ConnectionFailed):
        HttpClient(url, cacert=str(certificates.authority)).get("/echo")


def test_ca_files_that_hold_no_certificate(secure: WebServer, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for file in (tmp_path / "ca.pem", tmp_path / "none.pem"):
        with pytest.raises(ConfigError, match=str(file)):
            client(secure, cacert=str(file)).get("/echo")


def test_proxies_of_the_environment(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:p%40ss@127.0.0.1:{web.port}")
    http = HttpClient("http://far.invalid/v1")
    http.get("/x", params={"a": 1})
    http.pool.close()
    (request,) = web.received
    assert request.target == "http://far.invalid/v1/x?a=1"
    assert request.headers["Proxy-Authorization"] == "Basic dXNlcjpwQHNz"
    assert request.headers["Host"] == "far.invalid"


def test_https_goes_through_a_tunnel(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{web.port}")
    with pytest.raises(ConnectionFailed, match="Tunnel"):
        HttpClient("https://far.invalid").get("/")


def test_no_proxy(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    http = client(web)
    assert http.get("/echo").ok
    http.pool.close()
    monkeypatch.setenv("http_proxy", "socks5://h:1")
    monkeypatch.delenv("no_proxy")
    with pytest.raises(ConfigError, match="socks5"):
        client(web).get("/echo")


def test_the_cgi_proxy_header_is_not_a_proxy(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUEST_METHOD", "GET")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    http = client(web)
    assert http.get("/echo").ok
    http.pool.close()


def test_errors_are_also_those_of_requests_for_scripts_that_use_it(api: FakeApi) -> None:
    requests = pytest.importorskip("requests")
    api.answers["GET", "/x"] = fault(418, "teapot")
    http = HttpClient(f"{api.url}/v1")
    with pytest.raises(requests.exceptions.HTTPError) as caught:
        http.get("/x").raise_for_status()
    http.pool.close()
    assert isinstance(caught.value, HTTPError)
    assert caught.value.response.status_code == 418
    assert "MESSAGE: teapot" in str(caught.value)
    with pytest.raises(requests.exceptions.ConnectionError):
        HttpClient("http://127.0.0.1:1").get("/")


def test_events() -> None:
    lines = b"\nevent: a\ndata: 1\ndata:2\n\n: comment\n\nevent: empty\n\n"
    lines += b"data: {\"x\": 1}\r\n\r\nevent: EOF\ndata: ''\n\ndata: cut"
    found = list(read_events(lines.splitlines(keepends=True)))
    assert found == [Event("a", "1\n2"), Event("message", '{"x": 1}'), Event("EOF", "''")]


def test_streams_that_are_refused(api: FakeApi) -> None:
    api.answers["GET", "/stream"] = fault(401, "no")
    http = HttpClient(f"{api.url}/v1")
    with pytest.raises(HTTPError, match="401"):
        http.stream("/stream")
    http.pool.close()


def test_a_stream_left_early_is_closed(api: FakeApi) -> None:
    text = b"data: 1\n\ndata: 2\n\n"
    api.answers["GET", "/stream"] = lambda _: Answer(200, text)
    pool = Pool()
    stream = HttpClient(f"{api.url}/v1", pool=pool).stream("/stream")
    assert next(stream).data == "1"
    stream.close()  # type: ignore[attr-defined]
    assert (pool._lent, pool._idle) == ({}, {})


def test_streams_that_break_off_are_errors() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _address = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n5")

    thread = threading.Thread(target=serve)
    thread.start()
    stream = HttpClient(f"http://127.0.0.1:{listener.getsockname()[1]}").stream("/stream")
    assert next(stream).data == "1"
    with pytest.raises(ConnectionFailed):
        next(stream)
    thread.join()
    listener.close()

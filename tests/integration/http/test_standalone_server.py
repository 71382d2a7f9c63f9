"""All apps on one port: addresses, the landing page, and the server below them."""

from __future__ import annotations

import gc
import html
import http.client
import logging
import re
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from st2lite.http.mounts import Mounts
from st2lite.http.standalone import StandaloneServer
from st2lite.models.errors import ConfigError
from tests.processes import PATIENCE


@pytest.fixture(scope="module")
def client(shared_client):
    return shared_client


@pytest.fixture(scope="module")
def url(client) -> Iterator[str]:
    server = StandaloneServer("127.0.0.1", 0, Mounts(client.context))
    server.start()
    yield server.url
    server.stop()


def get(url: str, **more) -> requests.Response:
    return requests.get(url, timeout=PATIENCE, **more)


class TestAddresses:
    @pytest.mark.parametrize(
        "path",
        ["/api/v1/user", "/api/user", "/api/v1/user/", "/api//v1//user", "//api/v1/user", "/v1/user", "/v1/user/"],
    )
    def test_the_api(self, url: str, client, path: str) -> None:
        result = get(url + path, headers={"X-Auth-Token": client.token})
        assert result.json()["username"] == "st2admin"

    @pytest.mark.parametrize("path", ["/auth/tokens", "/auth/v1/tokens", "/tokens", "/v1/tokens", "//auth//tokens/"])
    def test_authentication(self, url: str, path: str) -> None:
        result = requests.post(url + path, timeout=PATIENCE)
        assert (result.status_code, result.json()["faultstring"]) == (401, "Invalid or missing credentials")

    @pytest.mark.parametrize(
        "path", ["/healthz", "/readyz", "/metrics", "/auth/healthz", "/stream/readyz", "/api/healthz"]
    )
    def test_operations(self, url: str, path: str) -> None:
        assert get(url + path).status_code == 200

    @pytest.mark.parametrize(
        "path", ["/nothing", "/api", "/api/nothing", "/auth/", "/stream", "/apis", "/api/v2/user", "/user", "/-/v1"]
    )
    def test_what_does_not_exist(self, url: str, path: str) -> None:
        result = get(url + path)
        expected = 401 if path == "/api" else 404  # `/api` is the version of the API, which needs credentials
        assert result.status_code == expected
        assert "faultstring" in result.json()

    def test_options_anywhere(self, url: str) -> None:
        for path in ("/", "/nothing", "/api/v1/executions", "/stream/stream"):
            result = requests.options(url + path, headers={"Origin": "http://localhost:8080"}, timeout=PATIENCE)
            assert (result.status_code, result.content) == (200, b"")
            assert result.headers["Access-Control-Allow-Origin"] == "http://localhost:8080"


class TestLandingPage:
    def test_it_needs_nothing_from_elsewhere(self, url: str) -> None:
        page = get(url + "/")
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert re.findall(r'(?:src|href)="(?!/)', page.text) == []

    def test_its_links_lead_somewhere(self, url: str) -> None:
        links = re.findall(r'href="([^"]+)"', get(url + "/").text)
        assert len(links) >= 6
        for link in links:
            assert get(url + link).status_code == 200, link

    def test_its_addresses_are_right(self, url: str) -> None:
        text = html.unescape(re.sub("<[^>]*>", "", get(url + "/").text))
        exports = dict(re.findall(r"export (ST2_\w+)=(\S+)", text))
        base = exports.pop("ST2_BASE_URL")
        assert set(exports) == {"ST2_API_URL", "ST2_AUTH_URL", "ST2_STREAM_URL"}
        addresses = {name: value.replace("$ST2_BASE_URL", url) for name, value in exports.items()}
        assert base.startswith("http://")
        assert get(addresses["ST2_API_URL"] + "/user").status_code == 401
        assert requests.post(addresses["ST2_AUTH_URL"] + "/tokens", timeout=PATIENCE).status_code == 401
        assert get(addresses["ST2_STREAM_URL"] + "/stream").status_code == 401

    def test_only_reading_is_possible(self, url: str) -> None:
        assert requests.post(url + "/", timeout=PATIENCE).status_code == 404
        assert requests.head(url + "/", timeout=PATIENCE).content == b""


class TestServer:
    def test_one_connection_serves_many_requests(self, url: str) -> None:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE)
        connection.connect()
        first = connection.sock
        for _ in range(20):
            connection.request("GET", "/healthz")
            assert connection.getresponse().read() == b'{"status":"alive"}'
        assert connection.sock is first
        connection.close()

    def test_a_body_without_length(self, url: str, client) -> None:
        result = requests.post(
            f"{url}/api/v1/executions",
            data=iter([b'{"action":', b'"core.noop"}']),
            headers={"X-Auth-Token": client.token, "Content-Type": "application/json"},
            timeout=PATIENCE,
        )
        assert result.status_code == 201

    def test_many_at_once(self, url: str, client) -> None:
        codes: list[int] = []

        def call() -> None:
            with requests.Session() as session:
                for _ in range(5):
                    answer = session.get(f"{url}/api/v1/user", headers={"X-Auth-Token": client.token}, timeout=PATIENCE)
                    codes.append(answer.status_code)

        threads = [threading.Thread(target=call) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert codes == [200] * 200

    @pytest.mark.parametrize(
        "noise", [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 9]
    )
    def test_noise_is_refused_in_silence(self, url: str, noise: bytes, caplog: pytest.LogCaptureFixture) -> None:
        parts = urlsplit(url)
        with caplog.at_level(logging.WARNING), socket.create_connection((parts.hostname, parts.port)) as client:
            client.settimeout(PATIENCE)
            client.sendall(noise + b"\r\n")
            client.shutdown(socket.SHUT_WR)
            answer = client.recv(4096)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
        assert get(url + "/healthz").status_code == 200
        assert caplog.text == ""

    def test_endless_headers_are_cut_short(self, url: str) -> None:
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
            with pytest.raises((ConnectionResetError, BrokenPipeError)):
                for _ in range(10_000):
                    client.sendall(b"X-Long: " + b"x" * 1000 + b"\r\n")
        assert get(url + "/healthz").status_code == 200

    # The library forgets to close the socket that it could not bind.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_an_address_in_use(self, url: str, client) -> None:
        other = StandaloneServer("127.0.0.1", urlsplit(url).port or 0, Mounts(client.context))
        with pytest.raises(ConfigError, match="--bind"):
            other.start()
        other.stop()
        del other
        gc.collect()

    def test_stopping_closes_the_port(self, client) -> None:
        server = StandaloneServer("127.0.0.1", 0, Mounts(client.context))
        server.start()
        url = server.url
        assert get(url + "/healthz").status_code == 200
        server.stop()
        with pytest.raises(requests.ConnectionError):
            get(url + "/healthz")

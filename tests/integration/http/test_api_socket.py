"""The API over a real connection: what a test client without one cannot show."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from st2lite.http.mounts import Mounts
from st2lite.http.standalone import StandaloneServer
from tests.integration.http.conftest import ApiClient, open_client
from tests.openapi_contract import Contract


@pytest.fixture(scope="module")
def address(
    database: Path, tmp_path_factory: pytest.TempPathFactory, contract: Contract
) -> Iterator[tuple[str, ApiClient]]:
    with open_client(database, tmp_path_factory.mktemp("socket"), contract) as client:
        server = StandaloneServer("127.0.0.1", 0, Mounts(client.context))
        server.start()
        try:
            yield server.url, client
        finally:
            server.stop()


@pytest.fixture
def session(address: tuple[str, ApiClient]) -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.headers["X-Auth-Token"] = address[1].token
        yield opened


def test_requests_on_one_connection(address: tuple[str, ApiClient], session: requests.Session) -> None:
    url = f"{address[0]}/api/v1/executions"
    made = session.post(url, json={"action": "core.local", "parameters": {"cmd": "echo ä"}})
    assert made.status_code == 201
    view = session.get(f"{url}/{made.json()['id']}").json()
    assert view["parameters"] == {"cmd": "echo ä"}
    assert "ä".encode() in session.get(f"{url}/{view['id']}").content, "not escaped"
    listed = session.get(url, params={"limit": 1, "parent": "null"})
    assert (listed.headers["X-Limit"], len(listed.json())) == ("1", 1)


def test_a_body_in_chunks(address: tuple[str, ApiClient], session: requests.Session) -> None:
    body = json.dumps({"action": "core.noop"}).encode()
    chunks = iter([body[:5], body[5:]])
    made = session.post(f"{address[0]}/api/v1/executions", data=chunks, headers={"Content-Type": "application/json"})
    assert (made.status_code, made.json()["status"]) == (201, "requested")


@pytest.mark.parametrize(
    "chunk",
    [b"zz\r\n{}\r\n0\r\n\r\n", b"ffffffffffffffff\r\n{}\r\n0\r\n\r\n", b"7fffffff\r\n{}", b"2\r\n{}no line end"],
)
def test_chunks_that_are_none_are_the_callers_fault(address: tuple[str, ApiClient], chunk: bytes) -> None:
    url, client = address
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.putrequest("POST", "/api/v1/executions")
    for name, value in (("X-Auth-Token", client.token), ("Transfer-Encoding", "chunked"), ("Connection", "close")):
        connection.putheader(name, value)
    connection.endheaders(chunk)
    answer = connection.getresponse()
    assert (answer.status, "faultstring" in json.loads(answer.read())) == (400, True)
    connection.close()


@pytest.mark.parametrize(("token", "status"), [(True, 413), (False, 401)])
def test_a_body_too_large_is_not_read_just_to_keep_the_connection(
    address: tuple[str, ApiClient], token: bool, status: int
) -> None:
    url, client = address
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.putrequest("POST", "/api/v1/executions")
    connection.putheader("Content-Length", str(10**12))
    if token:
        connection.putheader("X-Auth-Token", client.token)
    connection.endheaders(b"{}")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Connection"), "faultstring" in json.loads(answer.read())) == (
        status, "close", True,
    )  # fmt: skip
    connection.close()


def test_encoded_slashes_lead_nowhere_and_encoded_colons_are_decoded(
    address: tuple[str, ApiClient], session: requests.Session
) -> None:
    url = f"{address[0]}/api/v1/keys"
    assert session.put(f"{url}/a%3Ab", json={"value": "x"}).json()["name"] == "a:b"
    assert session.put(f"{url}/a%2Fb", json={"value": "x"}).status_code == 404


def test_a_path_that_is_no_text_is_refused(address: tuple[str, ApiClient]) -> None:
    url, client = address
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.request("GET", "/api/v1/keys/%ff%fe", headers={"X-Auth-Token": client.token})
    answer = connection.getresponse()
    assert (answer.status, "faultstring" in json.loads(answer.read())) == (400, True)
    connection.close()


def test_the_cookie_alone_opens_icons_and_result_links(address: tuple[str, ApiClient]) -> None:
    url, client = address
    identifier = client.run()
    client.end(identifier, {"answer": 42})
    with requests.Session() as browser:
        assert browser.get(f"{url}/api/v1/packs", headers={"X-Auth-Token": client.token}).status_code == 200
        cookies = {cookie.name: cookie.value for cookie in browser.cookies}
    with requests.Session() as link:
        link.cookies.update(cookies)
        assert link.get(f"{url}/api/v1/packs/views/file/core/pack.yaml").status_code == 200
        raw = link.get(f"{url}/api/v1/executions/{identifier}/result", params={"pretty_format": "1"})
        assert raw.json() == {"answer": 42}
        packed = link.get(f"{url}/api/v1/executions/{identifier}/result", params={"download": "1", "compress": "1"})
        assert packed.json() == {"answer": 42}, "browsers unpack what is declared as packed"


def test_a_request_that_breaks_off_disturbs_nobody(address: tuple[str, ApiClient], session: requests.Session) -> None:
    url, client = address
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/api/v1/executions")
    connection.putheader("X-Auth-Token", client.token)
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b'{"action"')
    connection.close()
    assert session.get(f"{url}/api/v1/user").status_code == 200

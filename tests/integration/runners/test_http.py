"""The http-request runner against a real HTTP(S) server."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from st2lite.executions.protocol import Outcome
from st2lite.runners import http, http_response
from tests.processes import PATIENCE
from tests.runs import make_run, make_settings
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.web import Answer, WebServer


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(certificates: Certificates) -> Iterator[WebServer]:
    with WebServer(certificates=certificates) as server:
        yield server


def send(url: str, action: dict[str, Any] | None = None, **runner: Any) -> Outcome:
    client = http.create(make_settings(Path("/nonexistent")))
    try:
        return client.run(make_run("http-request", {"url": url, **runner}, action))
    finally:
        client.close()


def header(web: WebServer, name: str) -> str | None:
    return web.received[-1].headers.get(name)


def test_get_answers_status_headers_and_parsed_body(web: WebServer) -> None:
    outcome = send(web.url("/echo"), {"params": {"q": "ä b", "list": ["1", "2"]}})
    assert outcome.status == "succeeded"
    assert set(outcome.result) == {"status_code", "body", "parsed", "headers"}
    assert outcome.result["status_code"] == 200
    assert outcome.result["parsed"] is True
    assert outcome.result["body"]["method"] == "GET"
    assert outcome.result["body"]["query"] == {"q": ["ä b"], "list": ["1", "2"]}
    assert outcome.result["headers"]["Content-Type"] == "application/json; charset=utf-8"
    assert header(web, "User-Agent") == f"st2/v{http_version()}"
    assert header(web, "X-Stanley-Action") == "probe"


def http_version() -> str:
    from st2lite import __version__

    return __version__


def test_headers_and_cookies_of_the_user_are_sent(web: WebServer) -> None:
    headers = {"user-agent": "mine", "X-Count": 3, "X-Flag": True, "X-None": None}
    assert send(web.url("/echo"), headers=headers, cookies={"session": "abc"}).status == "succeeded"
    assert header(web, "User-Agent") == "mine"
    assert header(web, "X-Count") == "3"
    assert header(web, "X-Flag") == "true"
    assert header(web, "X-None") is None
    assert header(web, "Cookie") == "session=abc"


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({}, "GET"),
        ({"body": "text"}, "POST"),
        ({"file_content": "text"}, "POST"),
        ({"body": "text", "method": "put"}, "PUT"),
        ({"method": "DELETE"}, "DELETE"),
        ({"method": "HEAD"}, "HEAD"),
    ],
)
def test_the_method_follows_from_the_content_unless_given(
    web: WebServer, action: dict[str, Any], expected: str
) -> None:
    assert send(web.url("/echo"), action).status == "succeeded"
    assert web.received[-1].method == expected


@pytest.mark.parametrize(
    ("body", "wire"),
    [
        ('{"a": [1, null]}', b'{"a": [1, null]}'),
        ("{'a': True}", b'{"a": true}'),
        ({"a": 1}, b'{"a": 1}'),
        ("[1,2]", b"[1, 2]"),
    ],
)
def test_a_body_declared_as_json_is_encoded_anew(web: WebServer, body: Any, wire: bytes) -> None:
    send(web.url("/echo"), {"body": body}, headers={"content-type": "application/json"})
    assert web.received[-1].body == wire


def test_a_body_declared_as_anything_else_goes_as_it_is(web: WebServer) -> None:
    send(web.url("/echo"), {"body": "{'a': ünicode}"}, headers={"Content-Type": "application/json; charset=utf-8"})
    assert web.received[-1].body == "{'a': ünicode}".encode()


def test_a_body_that_is_not_the_json_it_claims_fails_without_a_request(web: WebServer) -> None:
    outcome = send(web.url("/echo"), {"body": "{nonsense"}, headers={"Content-Type": "application/json"})
    assert outcome.status == "failed"
    assert "body is not JSON" in outcome.result["error"]
    assert web.received == []


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (200, "succeeded"),
        (204, "succeeded"),
        (206, "succeeded"),
        (207, "failed"),
        (302, "failed"),
        (404, "failed"),
        (500, "failed"),
    ],
)
def test_status_codes_decide_the_status(web: WebServer, code: int, status: str) -> None:
    outcome = send(web.url(f"/status/{code}"))
    assert (outcome.status, outcome.result["status_code"]) == (status, code)


def test_bodies_are_decoded_by_their_charset(certificates: Certificates) -> None:
    def route(content: bytes, media_type: str) -> Any:
        return lambda request: Answer(200, content, {"Content-Type": media_type})

    routes = {
        "/latin": route("é".encode("latin-1"), "text/plain; charset=iso-8859-1"),
        "/utf8": route("é".encode(), "text/html"),
        "/other": route(b"\xff\xfe", "text/plain"),
        "/odd": route(b"x", "text/plain; charset=no-such"),
        "/broken": route(b"{oops", "application/json"),
    }
    with WebServer(routes) as web:
        assert send(web.url("/latin")).result["body"] == "é"
        assert send(web.url("/utf8")).result["body"] == "é"
        assert send(web.url("/other")).result["body"] == "\xff\xfe"
        assert send(web.url("/odd")).result["body"] == "x"
        broken = send(web.url("/broken")).result
        assert (broken["body"], broken["parsed"]) == ("{oops", False)
        assert send(web.url("/gzip")).result["body"] == "grüße"


def test_basic_authentication(web: WebServer) -> None:
    send(web.url("/echo"), username="joé", password="pä:ss")
    assert header(web, "Authorization") == "Basic am/DqTpww6Q6c3M="
    send(web.url("/echo"), {"auth": ["user", "secret"]})
    assert header(web, "Authorization") == "Basic dXNlcjpzZWNyZXQ="
    send(web.url("/echo"), {"auth": {"username": "user", "password": "secret"}})
    assert header(web, "Authorization") == "Basic dXNlcjpzZWNyZXQ="
    send(web.url("/echo"), {"auth": {}})
    assert header(web, "Authorization") is None
    assert "auth" in send(web.url("/echo"), {"auth": "user"}).result["error"]


def test_a_credential_in_a_header_of_its_own(web: WebServer) -> None:
    send(web.url("/echo"), {"auth": "x-auth-token=abc=="})
    assert header(web, "X-Auth-Token") == "abc=="
    assert header(web, "Authorization") is None


def test_a_file_is_uploaded_as_a_form_part(web: WebServer) -> None:
    send(
        web.url("/echo"),
        {"file_name": "notes.txt", "file_content": "line é\n", "file_content_type": "text/x-notes"},
    )
    assert (header(web, "Content-Type") or "").startswith("multipart/form-data; boundary=")
    body = web.received[-1].body
    assert b'name="file"; filename="notes.txt"' in body
    assert b"Content-Type: text/x-notes" in body
    assert "line é\n".encode() in body


def test_a_proxy_gets_the_request(web: WebServer) -> None:
    outcome = send("http://service.invalid/echo", http_proxy=web.url(""))
    assert outcome.status == "succeeded"
    assert web.received[0].target == "http://service.invalid/echo"


def test_redirects_are_followed_only_on_request(web: WebServer) -> None:
    url = web.url(f"/redirect?to={web.url('/echo')}")
    stayed = send(url)
    assert (stayed.status, stayed.result["status_code"]) == ("failed", 302)
    followed = send(url, allow_redirects=True)
    assert followed.status == "succeeded"
    assert followed.result["body"]["path"] == "/echo"


def test_a_redirect_to_a_blacklisted_host_is_refused(web: WebServer) -> None:
    url = web.url(f"/redirect?to={web.url('/echo', host='localhost')}")
    outcome = send(url, allow_redirects=True, url_hosts_blacklist=["LOCALHOST"])
    assert outcome.status == "failed"
    assert 'host "localhost" is blacklisted' in outcome.result["error"]
    assert [request.path for request in web.received] == ["/redirect"]


def test_a_redirect_away_from_the_whitelist_is_refused(web: WebServer) -> None:
    url = web.url(f"/redirect?to={web.url('/echo', host='localhost')}")
    outcome = send(url, allow_redirects=True, url_hosts_whitelist=["127.0.0.1"])
    assert 'host "localhost" is not whitelisted' in outcome.result["error"]
    assert [request.path for request in web.received] == ["/redirect"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "127.0.0.1."])
def test_no_spelling_of_an_address_passes_the_blacklist(web: WebServer, host: str) -> None:
    outcome = send(f"http://{host}:{web.port}/echo", url_hosts_blacklist=["127.0.0.1"])
    assert outcome.status == "failed"
    assert "blacklisted" in outcome.result["error"]
    assert web.received == []


def test_both_lists_at_once_are_refused(web: WebServer) -> None:
    outcome = send(web.url("/echo"), url_hosts_blacklist=["a"], url_hosts_whitelist=["b"])
    assert outcome.status == "failed"
    assert "exclude each other" in outcome.result["error"]
    assert send(web.url("/echo"), url_hosts_blacklist=["a"], url_hosts_whitelist=[]).status == "succeeded"


def test_certificates_are_verified_unless_told_otherwise(
    secure: WebServer, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = send(secure.url("/echo"))
    assert refused.status == "failed"
    assert "certificate" in refused.result["error"].lower()
    assert send(secure.url("/echo"), verify_ssl_cert=False).status == "succeeded"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.authority))
    assert send(secure.url("/echo"), verify_ssl_cert=True).status == "succeeded"


@pytest.mark.parametrize("path", ["/slow", "/drip"])
def test_no_full_answer_in_time_is_a_timeout(web: WebServer, path: str) -> None:
    outcome = send(web.url(path), {"timeout": 0.3})
    assert outcome.status == "timeout"
    assert set(outcome.result) == {"error"}


def test_cancellation_ends_the_wait(web: WebServer) -> None:
    run = make_run("http-request", {"url": web.url("/slow")}, {"timeout": 60})
    outcomes: list[Outcome] = []
    runner = http.create(make_settings(Path("/nonexistent")))
    thread = threading.Thread(target=lambda: outcomes.append(runner.run(run)))
    thread.start()
    assert web.arrived.wait(PATIENCE)
    run.cancellation.request()
    thread.join(PATIENCE)
    assert [outcome.status for outcome in outcomes] == ["canceled"]


def test_an_unreachable_server_is_a_failure() -> None:
    with WebServer() as gone:
        url = gone.url("/")
    outcome = send(url)
    assert outcome.status == "failed"
    assert "refused" in outcome.result["error"]


@pytest.mark.parametrize(
    ("url", "action", "word"),
    [
        ("", {}, "url"),
        ("ftp://host/", {}, "http://"),
        ("file:///etc/passwd", {}, "http://"),
        ("http://", {}, "URL"),
        ("http://127.0.0.1:1/", {"timeout": "soon"}, "timeout"),
        ("http://127.0.0.1:1/", {"timeout": 0}, "timeout"),
        ("http://127.0.0.1:1/", {"file_content": {"a": 1}}, "file_content"),
    ],
)
def test_bad_parameters_are_named(url: str, action: dict[str, Any], word: str) -> None:
    outcome = send(url, action)
    assert outcome.status == "failed"
    assert word in outcome.result["error"]
    assert "traceback" not in outcome.result


def test_a_header_with_a_line_break_is_refused(web: WebServer) -> None:
    outcome = send(web.url("/echo"), headers={"X-A": "1\r\nX-B: 2"})
    assert outcome.status == "failed"
    assert web.received == []


def test_an_answer_beyond_the_limit_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_response, "RESULT_LIMIT", 1000)
    with WebServer({"/big": lambda request: Answer(200, b"x" * 1001)}) as web:
        outcome = send(web.url("/big"))
    assert outcome.status == "failed"
    assert "larger than 1000 bytes" in outcome.result["error"]


def test_secrets_stay_out_of_logs_and_results(web: WebServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    outcomes = [
        send(web.url("/status/401"), username="joe", password="hunter2secret", headers={"X-Key": "hunter2secret"}),
        send("http://127.0.0.1:1/", username="joe", password="hunter2secret"),
    ]
    assert [outcome.status for outcome in outcomes] == ["failed", "failed"]
    assert "hunter2secret" not in caplog.text
    assert "hunter2secret" not in json.dumps([outcome.result for outcome in outcomes])

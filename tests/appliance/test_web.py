"""The way in: nginx, TLS, and what lies behind each location."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from testinfra.host import Host

from tests.appliance.client import CERTIFICATE, web_name

Asking = Callable[..., tuple[int, dict[str, str], str]]


@pytest.fixture
def ask(host: Host, target: dict[str, Any]) -> Asking:
    """Requests to the web server: of a path, with options of curl, answered by `_ask`."""
    name = web_name(host, target)

    def request(path: str, *options: str, scheme: str = "https") -> tuple[int, dict[str, str], str]:
        port = target[f"{scheme}_port"]
        return _ask(host, f"{name}:{port}:127.0.0.1", f"{scheme}://{name}:{port}{path}", *options)

    return request


def _ask(host: Host, resolve: str, url: str, *options: str) -> tuple[int, dict[str, str], str]:
    """Status, headers in small letters, and body."""
    command = [
        "curl", "--silent", "--show-error", "--include", "--max-time", "20", "--cacert", CERTIFICATE,
        "--resolve", resolve, *options, url,
    ]  # fmt: skip
    done = host.run(" ".join(["%s"] * len(command)), *command)
    assert done.rc == 0, done.stderr
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    status, *lines = head.splitlines()
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if ": " in line)}
    return int(status.split()[1]), headers, body


def test_plain_requests_are_sent_to_tls(host: Host, target: dict[str, Any], ask: Asking) -> None:
    status, headers, _ = ask("/api/v1/actions?limit=1", scheme="http")
    assert status == 308
    port = "" if target["https_port"] == 443 else f":{target['https_port']}"
    assert headers["location"] == f"https://{web_name(host, target)}{port}/api/v1/actions?limit=1"


def test_headers(ask: Asking) -> None:
    _, headers, _ = ask("/")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert int(headers["strict-transport-security"].partition("max-age=")[2].split(";")[0]) >= 30 * 86400
    assert headers["server"] == "nginx", "it tells its version"


@pytest.mark.parametrize(("newest", "accepted"), [("1.1", False), ("1.2", True), ("1.3", True)])
def test_versions_of_tls(host: Host, target: dict[str, Any], newest: str, accepted: bool) -> None:
    command = "curl --silent --output /dev/null --cacert %s --tlsv1.0 --tls-max %s --ciphers DEFAULT@SECLEVEL=0 %s"
    url = f"https://{web_name(host, target)}:{target['https_port']}/"
    done = host.run(command, CERTIFICATE, newest, url)
    assert (done.rc == 0) == accepted, done.stderr


def test_certificate(host: Host, target: dict[str, Any]) -> None:
    names = host.check_output("openssl x509 -in %s -noout -ext subjectAltName", CERTIFICATE)
    assert f"DNS:{web_name(host, target)}" in names
    assert host.run(f"openssl x509 -in {CERTIFICATE} -noout -checkend {30 * 86400}").rc == 0


@pytest.mark.parametrize("path", ["/api/v1/actions", "/stream/v1/stream"])
def test_api_asks_for_a_login(ask: Asking, path: str) -> None:
    status, headers, body = ask(path)
    assert status == 401
    assert headers["content-type"].startswith("application/json")
    assert json.loads(body)["faultstring"]


@pytest.mark.parametrize("path", ["/api/stream", "/api/v1/stream", "/api/v1/stream/"])
def test_former_clients_find_the_stream(host: Host, ask: Asking, path: str) -> None:
    before = int(host.check_output("grep -c GET /var/log/st2/st2stream.log; true"))
    status, _, body = ask(path)
    assert (status, "faultstring" in body) == (401, True)
    assert int(host.check_output("grep -c GET /var/log/st2/st2stream.log; true")) >= before


def test_auth_refuses_a_wrong_password(ask: Asking) -> None:
    status, _, body = ask("/auth/v1/tokens", "--user", "st2admin:wrong", "--request", "POST")
    assert status == 401
    assert json.loads(body)["faultstring"]


def test_strange_methods_are_refused(ask: Asking) -> None:
    assert ask("/api/v1/actions", "--request", "TRACE")[0] == 405


def test_place_of_the_web_ui(ask: Asking) -> None:
    status, headers, _ = ask("/")
    assert status == 200
    assert headers["content-type"].startswith("text/html")


@pytest.mark.disturbing
@pytest.mark.parametrize(("service", "path"), [("st2api", "/api/v1/actions"), ("st2auth", "/auth/v1/tokens")])
def test_dead_service_is_told_in_json(host: Host, ask: Asking, service: str, path: str) -> None:
    host.check_output(f"systemctl stop {service}.service {service}.socket")
    try:
        status, headers, body = ask(path)
    finally:
        host.check_output(f"systemctl start {service}.service")
    assert status == 503
    assert headers["content-type"].startswith("application/json")
    assert service in json.loads(body)["faultstring"]


@pytest.mark.disturbing
def test_dead_stream_tells_browsers_to_come_back(host: Host, ask: Asking) -> None:
    host.check_output("systemctl stop st2stream.service st2stream.socket")
    try:
        status, headers, body = ask("/stream/v1/stream")
    finally:
        host.check_output("systemctl start st2stream.service")
    assert (status, headers["content-type"].partition(";")[0]) == (200, "text/event-stream")
    assert "retry: 1000" in body

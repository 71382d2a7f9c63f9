"""The way in: nginx, TLS, and what lies behind each location."""

from __future__ import annotations

import json

import pytest
from testinfra.host import Host

CERTIFICATE = "/etc/ssl/st2/st2.crt"


def _name(host: Host) -> str:
    return str(host.check_output("hostname --fqdn"))


def _ask(host: Host, path: str, *options: str, scheme: str = "https") -> tuple[int, dict[str, str], str]:
    """Status, headers in small letters, and body."""
    port = {"https": 443, "http": 80}[scheme]
    command = [
        "curl", "--silent", "--show-error", "--include", "--max-time", "20", "--cacert", CERTIFICATE,
        "--resolve", f"{_name(host)}:{port}:127.0.0.1", *options, f"{scheme}://{_name(host)}{path}",
    ]  # fmt: skip
    done = host.run(" ".join(["%s"] * len(command)), *command)
    assert done.rc == 0, done.stderr
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    status, *lines = head.splitlines()
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if ": " in line)}
    return int(status.split()[1]), headers, body


def test_plain_requests_are_sent_to_tls(host: Host) -> None:
    status, headers, _ = _ask(host, "/api/v1/actions?limit=1", scheme="http")
    assert status == 308
    assert headers["location"] == f"https://{_name(host)}/api/v1/actions?limit=1"


def test_headers(host: Host) -> None:
    _, headers, _ = _ask(host, "/")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert int(headers["strict-transport-security"].partition("max-age=")[2].split(";")[0]) >= 30 * 86400
    assert headers["server"] == "nginx", "it tells its version"


@pytest.mark.parametrize(("newest", "accepted"), [("1.1", False), ("1.2", True), ("1.3", True)])
def test_versions_of_tls(host: Host, newest: str, accepted: bool) -> None:
    command = (
        "curl --silent --output /dev/null --cacert %s --tlsv1.0 --tls-max %s --ciphers DEFAULT@SECLEVEL=0 https://%s/"
    )
    done = host.run(command, CERTIFICATE, newest, _name(host))
    assert (done.rc == 0) == accepted, done.stderr


def test_certificate(host: Host) -> None:
    names = host.check_output("openssl x509 -in %s -noout -ext subjectAltName", CERTIFICATE)
    assert f"DNS:{_name(host)}" in names
    assert host.run(f"openssl x509 -in {CERTIFICATE} -noout -checkend {30 * 86400}").rc == 0


@pytest.mark.parametrize("path", ["/api/v1/actions", "/stream/v1/stream"])
def test_api_asks_for_a_login(host: Host, path: str) -> None:
    status, headers, body = _ask(host, path)
    assert status == 401
    assert headers["content-type"].startswith("application/json")
    assert json.loads(body)["faultstring"]


def test_auth_refuses_a_wrong_password(host: Host) -> None:
    status, _, body = _ask(host, "/auth/v1/tokens", "--user", "st2admin:wrong", "--request", "POST")
    assert status == 401
    assert json.loads(body)["faultstring"]


def test_strange_methods_are_refused(host: Host) -> None:
    assert _ask(host, "/api/v1/actions", "--request", "TRACE")[0] == 405


def test_place_of_the_web_ui(host: Host) -> None:
    status, headers, _ = _ask(host, "/")
    assert status == 200
    assert headers["content-type"].startswith("text/html")


@pytest.mark.disturbing
@pytest.mark.parametrize(("service", "path"), [("st2api", "/api/v1/actions"), ("st2auth", "/auth/v1/tokens")])
def test_dead_service_is_told_in_json(host: Host, service: str, path: str) -> None:
    host.check_output(f"systemctl stop {service}.service {service}.socket")
    try:
        status, headers, body = _ask(host, path)
    finally:
        host.check_output(f"systemctl start {service}.service")
    assert status == 503
    assert headers["content-type"].startswith("application/json")
    assert service in json.loads(body)["faultstring"]


@pytest.mark.disturbing
def test_dead_stream_tells_browsers_to_come_back(host: Host) -> None:
    host.check_output("systemctl stop st2stream.service st2stream.socket")
    try:
        status, headers, body = _ask(host, "/stream/v1/stream")
    finally:
        host.check_output("systemctl start st2stream.service")
    assert (status, headers["content-type"].partition(";")[0]) == (200, "text/event-stream")
    assert "retry: 1000" in body

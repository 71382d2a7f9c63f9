"""What somebody who means ill meets: strong ciphers, strict headers, slow answers to guesses, closed files."""

from __future__ import annotations

import json
from typing import Any

import pytest
from testinfra.host import Host

from tests.appliance.client import CERTIFICATE, web_name

WEAK = "ALL:eNULL:aNULL:!ECDHE+AESGCM:!ECDHE+CHACHA20:@SECLEVEL=0"
"""What TLS 1.2 knows besides the few ciphers that are left."""


def _curl(host: Host, target: dict[str, Any], path: str, *options: str) -> str:
    """Head and body of an answer of nginx."""
    name, port = web_name(host, target), target["https_port"]
    words = [
        "curl", "--silent", "--include", "--cacert", CERTIFICATE, "--resolve", f"{name}:{port}:127.0.0.1", *options,
        f"https://{name}:{port}{path}",
    ]  # fmt: skip
    return str(host.run(" ".join(["%s"] * len(words)), *words).stdout).replace("\r\n", "\n")


def test_weak_ciphers_are_refused(host: Host, target: dict[str, Any]) -> None:
    ask = f"openssl s_client -connect 127.0.0.1:{target['https_port']} -tls1_2 -cipher %s </dev/null"
    assert host.run(ask, "ECDHE+AESGCM").rc == 0
    assert host.run(ask, WEAK).rc != 0


@pytest.mark.parametrize("path", ["/", "/api/v1/actions", "/auth/v1/tokens", "/stream/v1/stream"])
def test_headers_are_the_same_everywhere(host: Host, target: dict[str, Any], path: str) -> None:
    head = _curl(host, target, path).partition("\n\n")[0].lower()
    for line in ("x-content-type-options: nosniff", "x-frame-options: deny", "referrer-policy: same-origin",
                 "content-security-policy: default-src 'self';", "strict-transport-security: max-age="):  # fmt: skip
        assert head.count(line) == 1, line


def test_folders_are_not_listed(host: Host, target: dict[str, Any]) -> None:
    folder = f"{target['web_root']}/folder"
    host.check_output("mkdir %s", folder)
    try:
        assert " 403" in _curl(host, target, "/folder/").splitlines()[0]
    finally:
        host.check_output("rmdir %s", folder)


def test_files_of_the_documentation(host: Host) -> None:
    site = "/usr/share/doc/st2/conf/nginx/st2.conf"
    assert host.run("cmp %s /etc/nginx/conf.d/st2.conf", site).rc == 0
    examples = host.file("/usr/share/doc/st2/examples/pack.yaml")
    assert (examples.user, examples.group, examples.mode) == ("root", "st2packs", 0o664)


@pytest.mark.parametrize("name", ["resultstracker", "scheduler", "workflowengine"])
def test_settings_of_services_that_are_none(host: Host, name: str) -> None:
    assert f"/var/log/st2/st2{name}.log" in host.file(f"/etc/st2/logging.{name}.conf").content_string
    section = "workflow_engine" if name == "workflowengine" else name
    assert f"[{section}]\nlogging = /etc/st2/logging.{name}.conf\n" in host.file("/etc/st2/st2.conf").content_string


def test_debug_info_holds_no_secret(host: Host, target: dict[str, Any]) -> None:
    archive = "/root/st2-debug-of-a-test.tar.gz"
    try:
        host.check_output("st2-submit-debug-info --output %s", archive)
        assert host.file(archive).mode == 0o600
        names = host.check_output("tar -tzf %s", archive)
        assert "/configuration/st2.conf" in names
        assert "/logs/st2api.log" in names
        held = host.check_output(
            f"mkdir /root/debug && tar -xzf %s -C /root/debug && for secret in {target['secret_directory']}/*; do "
            'grep -rlF -e "$(cat $secret)" /root/debug; done; rm -r /root/debug', archive
        )  # fmt: skip
        assert held == ""
    finally:
        host.run("rm -rf %s /root/debug", archive)


@pytest.mark.disturbing
def test_guessing_passwords_is_slowed_down(host: Host, target: dict[str, Any]) -> None:
    url = f"https://{web_name(host, target)}:{target['https_port']}/auth/v1/tokens"
    resolve = f"{web_name(host, target)}:{target['https_port']}:127.0.0.1"
    # All at once: the burst is as large as what is let through in a minute.
    shell = (
        "seq 80 | xargs -P 20 -I{} curl --silent --output /dev/null --write-out '%{http_code}\\n' --request POST "
        f"--cacert {CERTIFICATE} --resolve {resolve} --user nobody:wrong {url} | sort | uniq --count"
    )
    counts = {code: int(count) for count, code in (line.split() for line in host.check_output(shell).splitlines())}
    assert set(counts) == {"401", "429"}
    assert sum(counts.values()) == 80
    answer = _curl(host, target, "/auth/v1/tokens", "--request", "POST", "--user", "nobody:wrong")
    if " 429 " in answer.splitlines()[0]:
        head, _, body = answer.partition("\n\n")
        assert "\nRetry-After: 2\n" in f"{head}\n"
        assert "Too many logins" in json.loads(body)["faultstring"]
    assert " 200 " in _curl(host, target, "/").splitlines()[0], "who reads pages is not meant"

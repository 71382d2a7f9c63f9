"""The command line client on the host, through nginx and TLS."""

from __future__ import annotations

import json
import time
from typing import Any

from testinfra.host import Host

CERTIFICATE = "/etc/ssl/st2/st2.crt"
HEAL_SECONDS = 120


def web_name(host: Host, target: dict[str, Any]) -> str:
    """The name that the certificate is for: the one of the host unless the target says another."""
    return str(target["web_name"] or host.check_output("hostname --fqdn"))


def st2(host: Host, target: dict[str, Any], *words: str) -> Any:
    """What `st2 WORDS --json` answers root, who has the first login in ~/.st2/config."""
    base = f"https://{web_name(host, target)}:{target['https_port']}"
    # Options: they win over what the settings of root say.
    command = [
        "st2", f"--api-url={base}/api/v1", f"--auth-url={base}/auth", f"--stream-url={base}/stream/v1",
        f"--cacert={CERTIFICATE}", *words, "--json",
    ]  # fmt: skip
    done = host.run(" ".join(["%s"] * len(command)), *command)
    assert done.rc == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def run_action(host: Host, target: dict[str, Any], *words: str) -> dict[str, Any]:
    """The result of an execution that has succeeded."""
    execution = st2(host, target, "run", *words)
    assert execution["status"] == "succeeded", execution
    result: dict[str, Any] = execution["result"]
    return result


def wait_until_healed(host: Host, target: dict[str, Any]) -> None:
    """Return once an action runs from end to end again."""
    deadline = time.monotonic() + HEAL_SECONDS
    while True:
        try:
            assert run_action(host, target, "core.local", "cmd=echo healed")["stdout"] == "healed"
            return
        except (AssertionError, RuntimeError, ValueError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1)

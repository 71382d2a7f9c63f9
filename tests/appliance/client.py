"""The command line client on the host, through nginx and TLS."""

from __future__ import annotations

import json
import time
from typing import Any

from testinfra.host import Host

HEAL_SECONDS = 120
_WEB = "base=https://$(hostname --fqdn); export ST2_BASE_URL=$base ST2_API_URL=$base/api ST2_AUTH_URL=$base/auth \
    ST2_STREAM_URL=$base/stream ST2_CACERT=/etc/ssl/st2/st2.crt; "


def st2(host: Host, *words: str) -> Any:
    """What `st2 WORDS --json` answers root, who has the first login in ~/.st2/config."""
    done = host.run(_WEB + "st2 " + " ".join(["%s"] * len(words)) + " --json", *words)
    assert done.rc == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def run_action(host: Host, *words: str) -> dict[str, Any]:
    """The result of an execution that has succeeded."""
    execution = st2(host, "run", *words)
    assert execution["status"] == "succeeded", execution
    result: dict[str, Any] = execution["result"]
    return result


def wait_until_healed(host: Host) -> None:
    """Return once an action runs from end to end again."""
    deadline = time.monotonic() + HEAL_SECONDS
    while True:
        try:
            assert run_action(host, "core.local", "cmd=echo healed")["stdout"] == "healed"
            return
        except (AssertionError, RuntimeError, ValueError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1)

"""Requests executions until it is told to end, and leaves in asked.json what the API answered.

ask.py ends    waits for the ends of these executions, and prints how many ended in which way
"""

from __future__ import annotations

import http.client
import json
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

FOLDER = Path("/srv/upgrade")
PAUSE = 0.2
PATIENCE = 120
# Every so many executions there is one that runs while workers restart.
LONG_EVERY, LONG_SECONDS = 40, 20


def call(key: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", 9101, timeout=120)
    headers = {"St2-Api-Key": key, "Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    content = json.loads(answer.read())
    if answer.status >= 400:
        raise OSError(f"{answer.status}: {content}")
    return content


def ends() -> Counter[str]:
    key = json.loads((FOLDER / "written.json").read_text())["api_key"]
    deadline = time.monotonic() + PATIENCE
    found: Counter[str] = Counter()
    for number, identifier in enumerate(json.loads((FOLDER / "asked.json").read_text())["requested"]):
        while True:
            execution = call(key, "GET", f"/v1/executions/{identifier}")
            if "end_timestamp" in execution or time.monotonic() > deadline:
                break
            time.sleep(1)
        right = execution["status"] == "succeeded" and execution["result"]["stdout"] == f"number {number}"
        found["as requested" if right else f"{identifier}: {execution['status']}"] += 1
    return found


def main() -> None:
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    key = json.loads((FOLDER / "written.json").read_text())["api_key"]
    requested, longest, away, refusals = [], 0.0, 0.0, []
    since = None
    while not ended:
        began = time.monotonic()
        number = len(requested)
        command = f"sleep {LONG_SECONDS * (number % LONG_EVERY == 0)}; echo number {number}"
        try:
            done = call(key, "POST", "/v1/executions", {"action": "core.local", "parameters": {"cmd": command}})
        except OSError as error:
            since = since or began
            refusals.append(str(error))
        else:
            requested.append(done["id"])
            if since is not None:
                away, since = max(away, time.monotonic() - since), None
            longest = max(longest, time.monotonic() - began)
        time.sleep(PAUSE)
    asked = {"requested": requested, "longest_wait": longest, "away": away, "refusals": refusals}
    (FOLDER / "asked.json").write_text(json.dumps(asked))


if __name__ == "__main__":
    if sys.argv[1:] == ["ends"]:
        print(json.dumps(ends()))
    else:
        main()

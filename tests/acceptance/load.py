"""Load on a deployment: clients that send requests all the time, through all that happens to the services."""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.servers.deployment import Deployment

AFTER_REFUSAL = 0.1


class Api:
    """The API of a deployment, as its administrator."""

    def __init__(self, host: Deployment) -> None:
        self.port = int(host.url.rpartition(":")[2])
        self.headers = {"X-Auth-Token": _log_in(host), "Content-Type": "application/json"}

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def delete(self, path: str) -> None:
        """Delete what is at a path, which has to be there."""
        connection = self.connect()
        connection.request("DELETE", path, headers=self.headers)
        status = connection.getresponse().status
        connection.close()
        assert status == 204


class Load(threading.Thread):
    """Sends requests one after the other, the n-th with `body(n)`; keeps what `key` makes of those accepted.

    `key` gets the number of the request and the answer; `pause` is in seconds. What is neither accepted nor refused for
    the moment is strange.
    """

    def __init__(
        self, api: Api, path: str, body: Callable[[int], Any], key: Callable[[int, Any], Any], pause: float
    ) -> None:
        super().__init__(daemon=True)
        self.accepted: list[Any] = []
        self.refused = 0
        self.strange: list[tuple[int, Any]] = []
        self._api, self._path, self._body, self._key, self._pause = api, path, body, key, pause
        self._enough = threading.Event()

    def stop(self) -> None:
        self._enough.set()
        self.join()

    def run(self) -> None:
        connection = self._api.connect()
        for number in itertools.count(1):
            if self._enough.is_set():
                break
            try:
                connection.request("POST", self._path, json.dumps(self._body(number)), self._api.headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
            except (OSError, http.client.HTTPException):
                connection.close()
                self.refused += 1
                time.sleep(AFTER_REFUSAL)
                continue
            if response.status in (201, 202):
                self.accepted.append(self._key(number, answer))
            elif response.status == 503:
                self.refused += 1
                time.sleep(AFTER_REFUSAL)
            else:
                self.strange.append((response.status, answer))
            time.sleep(self._pause)
        connection.close()


def executions(api: Api, action: str, parameters: dict[str, Any], pause: float) -> Load:
    """A client that requests an action; it keeps the ids of the executions."""
    body = {"action": action, "parameters": parameters}
    return Load(api, "/v1/executions", lambda _number: body, lambda _number, answer: answer["id"], pause)


def webhooks(api: Api, hook: str, body: dict[str, Any], pause: float) -> Load:
    """A client that calls a webhook; each body has a number of its own, and those are kept."""

    def numbered(number: int) -> dict[str, Any]:
        return {"number": number, **body}

    return Load(api, f"/v1/webhooks/{hook}", numbered, lambda number, _answer: number, pause)


def _log_in(host: Deployment) -> str:
    """A token of the administrator."""
    connection = http.client.HTTPConnection(host.auth_url.removeprefix("http://"))
    basic = base64.b64encode(f"{host.user}:{host.password}".encode()).decode()
    connection.request("POST", "/tokens", headers={"Authorization": f"Basic {basic}"})
    token = json.loads(connection.getresponse().read())["token"]
    connection.close()
    return str(token)

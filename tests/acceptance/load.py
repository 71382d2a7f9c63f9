"""Load on a deployment: clients that send requests all the time, through all that happens to the services."""

from __future__ import annotations

import base64
import contextlib
import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tests.processes import PATIENCE
from tests.servers.deployment import Deployment

AFTER_REFUSAL = 0.1


class Api:
    """The API of a deployment, as its administrator. Paths are below that of the API, such as `/executions`."""

    def __init__(self, host: Deployment) -> None:
        self._address, self._base = _parts_of(host.api_url)
        self._headers = {"X-Auth-Token": _log_in(host), "Content-Type": "application/json"}

    def connect(self) -> http.client.HTTPConnection:
        """A connection for `send`, to be used for many requests."""
        return http.client.HTTPConnection(self._address, timeout=PATIENCE)

    def send(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: Any = None
    ) -> tuple[int, bytes]:
        """Send a request, and return the status and the body of the answer."""
        connection.request(method, f"{self._base}{path}", body and json.dumps(body), self._headers)
        response = connection.getresponse()
        return response.status, response.read()

    def delete(self, path: str) -> None:
        """Delete what is at a path, which has to be there."""
        with contextlib.closing(self.connect()) as connection:
            status, _ = self.send(connection, "DELETE", path)
        assert status == 204

    def change(self, path: str, **fields: Any) -> None:
        """Change fields of the object at a path."""
        with contextlib.closing(self.connect()) as connection:
            _, raw = self.send(connection, "GET", path)
            status, answer = self.send(connection, "PUT", path, {**json.loads(raw), **fields})
        assert status == 200, answer


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
                status, raw = self._api.send(connection, "POST", self._path, self._body(number))
                answer = json.loads(raw)
            except (OSError, http.client.HTTPException):
                connection.close()
                self.refused += 1
                time.sleep(AFTER_REFUSAL)
                continue
            if status in (201, 202):
                self.accepted.append(self._key(number, answer))
            elif status == 503:
                self.refused += 1
                time.sleep(AFTER_REFUSAL)
            else:
                self.strange.append((status, answer))
            time.sleep(self._pause)
        connection.close()


def executions(api: Api, action: str, parameters: dict[str, Any], pause: float) -> Load:
    """A client that requests an action; it keeps the ids of the executions."""
    body = {"action": action, "parameters": parameters}
    return Load(api, "/executions", lambda _number: body, lambda _number, answer: answer["id"], pause)


def webhooks(api: Api, hook: str, body: dict[str, Any], pause: float) -> Load:
    """A client that calls a webhook; each body has a number of its own, and those are kept."""

    def numbered(number: int) -> dict[str, Any]:
        return {"number": number, **body}

    return Load(api, f"/webhooks/{hook}", numbered, lambda number, _answer: number, pause)


def _log_in(host: Deployment) -> str:
    address, base = _parts_of(host.auth_url)
    basic = base64.b64encode(f"{host.user}:{host.password}".encode()).decode()
    with contextlib.closing(http.client.HTTPConnection(address)) as connection:
        connection.request("POST", f"{base}/tokens", headers={"Authorization": f"Basic {basic}"})
        return str(json.loads(connection.getresponse().read())["token"])


def _parts_of(url: str) -> tuple[str, str]:
    """Address and path of a URL."""
    parts = urlsplit(url)
    return parts.netloc, parts.path

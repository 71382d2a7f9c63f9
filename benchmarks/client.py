"""A frugal API client: one keep-alive connection, nothing computed twice."""

from __future__ import annotations

import base64
import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

FINAL = frozenset({"succeeded", "failed", "timeout", "abandoned", "canceled"})


@dataclass(frozen=True)
class Target:
    """Where to send requests, and with what token. Can be handed to another process."""

    api_url: str
    token: str


def login(auth_url: str, user: str, password: str) -> str:
    """Return a new token."""
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    connection = _connect(auth_url)
    connection.request("POST", f"{urlsplit(auth_url).path}/tokens", b"{}", {
        "Authorization": f"Basic {credentials}", "Content-Type": "application/json",
    })  # fmt: skip
    return str(_json(connection.getresponse())["token"])


class Client:
    def __init__(self, target: Target) -> None:
        self._connection = _connect(target.api_url)
        self._path = urlsplit(target.api_url).path
        self._headers = {"X-Auth-Token": target.token, "Content-Type": "application/json"}

    def post(self, action: str, parameters: dict[str, Any]) -> str:
        """Request an execution; return its id."""
        body = json.dumps({"action": action, "parameters": parameters}).encode()
        self._connection.request("POST", f"{self._path}/executions", body, self._headers)
        return str(_json(self._connection.getresponse())["id"])

    def create(self, collection: str, document: dict[str, Any]) -> None:
        """Create a rule or the like."""
        self._connection.request("POST", f"{self._path}/{collection}", json.dumps(document), self._headers)
        _json(self._connection.getresponse())

    def webhook(self, url: str, body: bytes) -> None:
        """Send a webhook; it has been accepted on return."""
        self._connection.request("POST", f"{self._path}/webhooks/{url}", body, self._headers)
        _json(self._connection.getresponse())

    def status(self, execution_id: str) -> str:
        self._connection.request(
            "GET", f"{self._path}/executions/{execution_id}?include_attributes=status", headers=self._headers
        )
        return str(_json(self._connection.getresponse())["status"])

    def wait(self, execution_id: str, interval: float) -> str:
        """Ask for the status every `interval` seconds until it is final; return it."""
        while (status := self.status(execution_id)) not in FINAL:
            time.sleep(interval)
        return status

    def page(self, query: str) -> tuple[list[dict[str, Any]], int]:
        """One page of executions, and how many there are in all."""
        try:
            response = self._ask(query)
        except ConnectionError:  # closed while other processes made the load: servers do not keep idle connections
            self._connection.close()
            response = self._ask(query)
        return _json(response), int(response.headers["X-Total-Count"])

    def newest(self, query: str, count: int) -> list[dict[str, Any]]:
        """The newest `count` executions that the query matches."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            found += self.page(f"{query}&limit={min(100, count - len(found))}&offset={len(found)}")[0]
        return found

    def _ask(self, query: str) -> http.client.HTTPResponse:
        self._connection.request("GET", f"{self._path}/executions?{query}", headers=self._headers)
        return self._connection.getresponse()


def _connect(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    assert parts.hostname is not None
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)


def _json(response: http.client.HTTPResponse) -> Any:
    body = response.read()
    if response.status >= 400:
        raise RuntimeError(f"{response.status} {response.reason}: {body.decode(errors='replace')}")
    return json.loads(body)

"""Calls to the API with the token of the running action."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

_TIMEOUT = 60.0


class ApiError(Exception):
    """The API answered with an error; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class RestClient:
    """Talks to the API at `url` (with its version); connects for each call."""

    def __init__(self, url: str, token: str, cacert: str | None = None) -> None:
        self._url = urlsplit(url)
        self._token = token
        self._cacert = cacert

    def call(self, method: str, *path: str, query: dict[str, Any] | None = None, body: Any = None) -> Any:
        """Send one request and return the JSON of the answer, None for an empty one.

        `path` are the segments below the URL; nulls in `query` are left out. Raises `ApiError` for an error status and
        `OSError` when the API does not answer.
        """
        target = "/".join([self._url.path.rstrip("/"), *(quote(segment, safe="") for segment in path)])
        given = {name: str(value) for name, value in (query or {}).items() if value is not None}
        if given:
            target += f"?{urlencode(given)}"
        headers = {"X-Auth-Token": self._token, "Content-Type": "application/json"}
        connection = self._connect()
        try:
            connection.request(method, target, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise ApiError(response.status, _reason(data) or response.reason)
        return json.loads(data) if data else None

    def _connect(self) -> HTTPConnection:
        host = self._url.hostname or "127.0.0.1"
        if self._url.scheme != "https":
            return HTTPConnection(host, self._url.port, timeout=_TIMEOUT)
        import ssl  # most installations talk to the API on the same host without TLS

        context = ssl.create_default_context(cafile=self._cacert)
        return HTTPSConnection(host, self._url.port, timeout=_TIMEOUT, context=context)


def _reason(data: bytes) -> str:
    try:
        return str(json.loads(data)["faultstring"])
    except (ValueError, KeyError, TypeError):
        return ""

"""HTTP: a thin layer over :mod:`http.client` with kept connections, proxies and verified TLS.

Made for short-lived commands, where importing a large HTTP library costs more than the request.
"""

from __future__ import annotations

import base64
import json as jsonlib
import os
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPException, HTTPMessage, HTTPResponse, RemoteDisconnected
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urlsplit, urlunsplit

from st2client import __version__
from st2client.connections import Pool, Verify
from st2client.errors import ResponseError, St2ClientError, UsageError, connection_error, http_error
from st2client.sse import Event, read_events

#: (user, password) of an extra Basic Authorization, usually for a proxy in front of the server.
BasicAuth = tuple[str, str]

Headers = dict[str, str]

#: What servers say of a path they do not know.
_UNKNOWN_ROUTE = "The resource could not be found."

#: Path characters that need no escaping; "%" is escaped, so a name may hold any character.
_SAFE_IN_SEGMENT = "-._~!$&'()*+,;=:@"


class Response:
    """One whole answer. ``content`` is the body as bytes, ``text`` as text, ``json()`` as data."""

    def __init__(self, url: str, status_code: int, reason: str, headers: HTTPMessage, content: bytes) -> None:
        self.url = url
        self.status_code = status_code
        self.reason = reason
        self.headers = headers
        self.content = content

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status_code < 400

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Parse the body.

        :raises ResponseError: it is not JSON, so something other than the API answered.
        """
        try:
            return jsonlib.loads(self.content)
        except ValueError as error:
            start = self.text[:80].strip() or "an empty body"
            raise ResponseError(
                f"Expected JSON from {self.url}, got: {start}",
                hint="Check that the URL is the one of the API (usually it ends in /v1): --api-url or ST2_API_URL.",
            ) from error

    def raise_for_status(self) -> None:
        """Raise :class:`~st2client.errors.HTTPError` when the status is 400 or above."""
        if self.ok:
            return
        side = "Client" if self.status_code < 500 else "Server"
        message = f"{self.status_code} {side} Error: {self.reason}"
        fault = self._fault()
        if fault:
            message += f"\nMESSAGE: {fault}"
        raise http_error(f"{message} for url: {self.url}", self, _hint(self.status_code, fault))

    def _fault(self) -> str:
        try:
            body = jsonlib.loads(self.content)
        except ValueError:
            return ""
        return str(body.get("faultstring") or "") if isinstance(body, dict) else ""


def _hint(status: int, fault: str) -> str:
    if status == 401:
        return (
            "Log in with: st2 login <user>. A token can also come from --token or ST2_AUTH_TOKEN, "
            "an API key from --api-key or ST2_API_KEY."
        )
    if status == 403:
        return "The user you are logged in as may not do this. See who that is with: st2 whoami"
    if status == 404 and fault in ("", _UNKNOWN_ROUTE):
        return "This server does not offer that, or the URL is not the one of its API (usually it ends in /v1)."
    if status >= 500:
        return "The server failed; its log says why."
    return ""


class HttpClient:
    """Sends requests to one service.

    :param root: URL of the service; request paths are appended to it.
    :param cacert: path of a CA bundle; True or None verifies with the system's; False does not verify.
    :param basic_auth: sent as ``Authorization`` with every request that brings no ``auth`` of its own.
    :param pool: connections shared with other clients of the same process.
    """

    def __init__(
        self,
        root: str,
        cacert: Verify = None,
        debug: bool = False,
        basic_auth: BasicAuth | None = None,
        pool: Pool | None = None,
    ) -> None:
        self.root = root[:-1] if root.endswith("/") else root
        self.cacert = cacert
        self.debug = debug
        self.basic_auth = basic_auth
        self.pool = pool or Pool(cacert)

    def get(self, url: str, **options: Any) -> Response:
        return self.request("GET", url, **options)

    def post(self, url: str, data: Any = None, **options: Any) -> Response:
        return self.request("POST", url, json=data, **options)

    def post_raw(self, url: str, data: str | bytes, **options: Any) -> Response:
        """Post ``data`` as it is; the caller gives the content type in ``headers``."""
        return self.request("POST", url, data=data, **options)

    def put(self, url: str, data: Any = None, **options: Any) -> Response:
        return self.request("PUT", url, json=data, **options)

    def patch(self, url: str, data: Any = None, **options: Any) -> Response:
        return self.request("PATCH", url, json=data, **options)

    def delete(self, url: str, **options: Any) -> Response:
        """Delete. ``data``, when given, is sent as the body."""
        return self.request("DELETE", url, **options)

    def stream(self, url: str, **options: Any) -> Iterator[Event]:
        """Connect to a ``text/event-stream``; return its events as they arrive, until the server ends it.

        :raises HTTPError: the server refused.
        """
        target, raw = self.open("GET", url, **options)
        if raw.status >= 400:
            response = Response(target, raw.status, raw.reason, raw.headers, raw.read())
            self.pool.release(raw)
            response.raise_for_status()
        return self._events(target, raw)

    def _events(self, target: str, raw: HTTPResponse) -> Iterator[Event]:
        try:
            yield from read_events(raw)
        except (OSError, HTTPException) as error:
            raise self._failure(target, error) from error
        finally:
            self.pool.release(raw)

    def request(self, method: str, url: str, **options: Any) -> Response:
        """Send one request and read the whole answer; see :meth:`open` for the options."""
        target, raw = self.open(method, url, **options)
        try:
            response = Response(target, raw.status, raw.reason, raw.headers, raw.read())
        except (OSError, HTTPException) as error:
            raise self._failure(target, error) from error
        finally:
            self.pool.release(raw)
        return response

    def open(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        api_key: str | None = None,
        auth: BasicAuth | None = None,
        timeout: float | None = None,
        **body: Any,
    ) -> tuple[str, HTTPResponse]:
        """Send one request; return the full URL and the answer with its body still unread.

        :param params: query; None values are left out.
        :param data: body as it is; ``json=`` gives a body to be encoded (None included, as ``null``).
        :param auth: user and password for this request only.
        :raises ConnectionFailed: nobody answered.
        """
        if "json" in body:
            data = jsonlib.dumps(body.pop("json"))
            headers = {"content-type": "application/json", **(headers or {})}
        if body:
            raise TypeError(f"unknown request option: {', '.join(body)}")
        target = self.root + url
        if params:
            given = {name: value for name, value in params.items() if value is not None}
            if given:
                target += ("&" if "?" in target else "?") + urlencode(given, doseq=True)
        content = data.encode("utf-8") if isinstance(data, str) else data
        sent = self._headers(headers, token, api_key, auth)
        return target, self._send(method, target, content, sent, timeout)

    def _headers(
        self, given: Mapping[str, str] | None, token: str | None, api_key: str | None, auth: BasicAuth | None
    ) -> Headers:
        headers = {"User-Agent": f"st2client/{__version__}", "Accept": "*/*", **(given or {})}
        if token:
            headers["X-Auth-Token"] = token
        if api_key:
            headers["St2-Api-Key"] = api_key
        credentials = auth or self.basic_auth
        if credentials:
            pair = f"{credentials[0]}:{credentials[1]}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
        for name, value in headers.items():
            if "\n" in value or "\r" in value:
                raise UsageError(f"The value for the header {name} contains a line break")
        return headers

    def _send(
        self, method: str, target: str, content: bytes | None, headers: Headers, timeout: float | None
    ) -> HTTPResponse:
        parts = urlsplit(target)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(
                f'"{target}" is not a URL of a server',
                hint="A URL looks like http://host:port/v1; check --url and ST2_*_URL.",
            )
        raw = self._exchange(parts, method, content, headers, timeout)
        if raw is None:
            # A kept connection that the server closed a moment ago: it has not looked at the request.
            raw = self._exchange(parts, method, content, headers, timeout)
        if raw is None:
            raise self._failure(target, RemoteDisconnected("it closed the connection"))
        return raw

    def _exchange(
        self, parts: SplitResult, method: str, content: bytes | None, headers: Headers, timeout: float | None
    ) -> HTTPResponse | None:
        """Send a request once. None when a connection that was used before turns out to be closed."""
        target, started, connection, reused = urlunsplit(parts), time.monotonic(), None, False
        try:
            connection, path, reused = self.pool.acquire(parts, headers, timeout)
            connection.request(method, path, body=content, headers=headers)
            raw = connection.getresponse()
        except (OSError, HTTPException, UnicodeError) as error:
            if connection is not None:
                connection.close()
            if isinstance(error, St2ClientError):
                raise
            # A reset may come in the middle of the work: only what may be done twice is asked for again then.
            closed = RemoteDisconnected if method == "POST" else ConnectionResetError
            if reused and isinstance(error, (closed, BrokenPipeError)):
                return None
            raise self._failure(target, error) from error
        self.pool.lend(raw, connection, parts)
        if self.debug:
            self._trace(method, target, content, raw, time.monotonic() - started)
        return raw

    def _failure(self, target: str, error: BaseException) -> St2ClientError:
        from st2client.diagnosis import explain

        message, hint = explain(target, error, self.cacert)
        return connection_error(message, hint)

    @staticmethod
    def _trace(method: str, target: str, content: bytes | None, raw: HTTPResponse, seconds: float) -> None:
        """Print the request on stderr. Bodies are counted, not shown: they may hold secrets."""
        import sys

        address = target.split("?", 1)[0] if "x-auth-token" in target or "st2-api-key" in target else target
        size = f", {len(content)} bytes sent" if content else ""
        print(f"# {method} {address} -> {raw.status} in {seconds * 1000:.0f} ms{size}", file=sys.stderr)


def path(*segments: str) -> str:
    """Join path segments, escaping what would change the path's meaning: ``path("keys", "a b") == "/keys/a%20b"``.

    The first segment may hold slashes of its own (``rbac/roles``).
    """
    first, *rest = segments
    if "" in rest:
        raise UsageError("The name or id of a resource is empty.")
    return "/" + "/".join([first, *(quote(str(segment), safe=_SAFE_IN_SEGMENT) for segment in rest)])


def environment_credentials(token: str | None, api_key: str | None) -> dict[str, str]:
    """The token and API key to send: those given, else ``ST2_AUTH_TOKEN`` and ``ST2_API_KEY``."""
    token = token or os.environ.get("ST2_AUTH_TOKEN")
    api_key = api_key or os.environ.get("ST2_API_KEY")
    return {name: value for name, value in (("token", token), ("api_key", api_key)) if value}

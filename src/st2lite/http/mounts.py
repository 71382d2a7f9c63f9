"""The three apps behind one port, as a reverse proxy would lay them out, and a landing page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from importlib.resources import files
from typing import Protocol

from st2lite.http.api_app import ApiContext, create_api_app
from st2lite.http.auth_app import AuthContext, create_auth_app
from st2lite.http.stream_app import StreamContext, create_stream_app
from st2lite.http.stream_hub import StreamHub
from st2lite.http.wsgi import Environ, StartResponse, WsgiApp

_ROUTES = (
    # StackStorm's proxy has always sent these two to the stream service.
    (re.compile(r"/api(?:/v1)?/+(stream)/*"), "stream", True),
    (re.compile(r"/(api|auth|stream)(/.*)?"), "", False),
    # Without a prefix, as the services answer on ports of their own: clients need no more than the address.
    (re.compile(r"/(?:v1/+)?(tokens|sso)(?:/.*)?"), "auth", True),
    (re.compile(r"/v1/+(stream)/*"), "stream", True),
    (re.compile(r"/(v1|healthz|readyz|metrics|openapi\.json)(?:/.*)?"), "api", True),
)


class MountsContext(ApiContext, AuthContext, StreamContext, Protocol):
    """What the three apps need of the rooms they call."""


class Mounts:
    """The whole HTTP surface as one WSGI app: hands each request to the app that its path names."""

    def __init__(self, context: MountsContext) -> None:
        self.hub = StreamHub(context.bus, context.store, context.views)
        self.stream_guard: Callable[[], AbstractContextManager[object]] = nullcontext
        """Entered by each open stream; the server replaces it to make room for the stream."""
        self._apps: dict[str, WsgiApp] = {
            "api": create_api_app(context),
            "auth": create_auth_app(context),
            "stream": create_stream_app(context, self.hub, lambda: self.stream_guard()),
        }

    def stop(self) -> None:
        """End all streams."""
        self.hub.stop()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        # The server of standalone leaves encoded slashes as they are; gunicorn, and StackStorm's clients, do not.
        path = re.sub("(?:/|%2[Ff])+", "/", environ.get("PATH_INFO") or "/")
        if path == "/" and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return _landing_page(start_response)
        for pattern, service, whole in _ROUTES:
            match = pattern.fullmatch(path)
            if match:
                name = service or match[1]
                if not whole:
                    environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + f"/{name}"
                    path = match[2] or "/"
                elif name == "stream":
                    path = "/stream"
                environ["PATH_INFO"] = path
                return self._apps[name](environ, start_response)
        # The API knows how to answer what does not exist.
        return self._apps["api"]({**environ, "PATH_INFO": f"/-{path}"}, start_response)


def _landing_page(start_response: StartResponse) -> Iterable[bytes]:
    page = files("st2lite.http").joinpath("landing.html").read_bytes()
    start_response(
        "200 OK",
        [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(page))),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        ],
    )
    return [page]

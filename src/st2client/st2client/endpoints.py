"""Where the three services of a server are: API, auth and stream."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import NamedTuple

DEFAULT_BASE_URL = "http://127.0.0.1"
DEFAULT_API_VERSION = "v1"
AUTH_PORT = 9100
API_PORT = 9101
STREAM_PORT = 9102
_ONE_SERVER = re.compile(r"https://|[^:]+://[^/]*:\d+$")


class Endpoints(NamedTuple):
    """URLs without a trailing slash. The API and stream URLs end in the API version, the auth URL does not."""

    base: str
    api: str
    auth: str
    stream: str


def resolve(
    base: str | None = None,
    api: str | None = None,
    auth: str | None = None,
    stream: str | None = None,
    version: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Endpoints:
    """Find the URLs: the argument, else the environment variable, else what follows from the base URL.

    A URL that is given is used as it is, only freed of one trailing slash. Below a base URL of plain HTTP without port
    each service has its default port. Where there is a port, or TLS, which none of the services speaks itself, one
    server has them all, at the paths /api, /auth and /stream.
    """
    base = _trim(base or environ.get("ST2_BASE_URL") or DEFAULT_BASE_URL)
    version = version or environ.get("ST2_API_VERSION") or DEFAULT_API_VERSION
    if _ONE_SERVER.match(base):
        roots = (f"{base}/api", f"{base}/auth", f"{base}/stream")
    else:
        roots = (f"{base}:{API_PORT}", f"{base}:{AUTH_PORT}", f"{base}:{STREAM_PORT}")
    return Endpoints(
        base=base,
        api=_trim(api or environ.get("ST2_API_URL") or f"{roots[0]}/{version}"),
        auth=_trim(auth or environ.get("ST2_AUTH_URL") or roots[1]),
        stream=_trim(stream or environ.get("ST2_STREAM_URL") or f"{roots[2]}/{version}"),
    )


def _trim(url: str) -> str:
    return url[:-1] if url.endswith("/") else url

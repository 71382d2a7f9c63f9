"""What all three apps do with every request: its path, its id, CORS, and who is calling."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import falcon

from st2lite.auth.authenticate import Authenticator, Credentials, Identity
from st2lite.models.errors import InvalidInput
from st2lite.models.timestamps import to_epoch

COOKIE = "auth-token"

_ALWAYS_ALLOWED = ("http://127.0.0.1:3000", "http://localhost:8080", "http://127.0.0.1:8080")
_CORS = {
    "Access-Control-Allow-Methods": "GET,POST,PUT,DELETE,OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type,Authorization,X-Auth-Token,St2-Api-Key,X-Request-ID",
    "Access-Control-Expose-Headers": "Content-Type,X-Limit,X-Total-Count,X-Request-ID",
    "Access-Control-Allow-Credentials": "true",
}
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_SLASHES = re.compile(r"/{2,}")
_VERSION = re.compile(r"^/v1(?=/|$)")
_ALIAS = re.compile(r"^/actionexecutions(?=/|$)")


def normal_path(path: str) -> str:
    """The path that routes are registered under: no version, no doubled or trailing slashes, aliases resolved."""
    path = _VERSION.sub("", _SLASHES.sub("/", f"/{path}"), count=1) if "v1" in path else _SLASHES.sub("/", f"/{path}")
    return _ALIAS.sub("/executions", path, count=1).rstrip("/") or "/"


class Paths:
    """Brings paths to their normal form before routing, so that each route is registered once."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        raw = req.env["PATH_INFO"]
        if not raw.isascii():
            try:
                raw.encode("iso-8859-1").decode("utf-8")
            except UnicodeDecodeError as error:
                raise InvalidInput("The path of the request is not valid UTF-8.") from error
        req.path = normal_path(req.path)


class RequestId:
    """Echoes `X-Request-ID`, or gives the request an id of its own."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        given = req.get_header("X-Request-ID") or ""
        req.context.request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        resp.set_header("X-Request-ID", req.context.request_id)


class Cors:
    """Lets pages of the allowed origins call the API, and answers `OPTIONS` on any path."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = tuple(dict.fromkeys((*origins, *_ALWAYS_ALLOWED)))

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        origin = req.get_header("Origin")
        allowed = origin if origin and ("*" in self._origins or origin in self._origins) else self._origins[0]
        resp.set_header("Access-Control-Allow-Origin", allowed)
        resp.set_headers(_CORS)
        resp.append_header("Vary", "Origin")
        if req.method == "OPTIONS":
            resp.complete = True


@dataclass(frozen=True)
class CookieRules:
    """Attributes of the authentication cookie; `same_site` is lax, strict, none or unset (no attribute)."""

    secure: bool = True
    same_site: str = "lax"


class Authentication:
    """Puts the caller's `Identity` into `req.context.identity`; only resources marked `public = True` do without."""

    def __init__(self, authenticator: Authenticator, cookie: CookieRules = CookieRules()) -> None:
        self._authenticator = authenticator
        self._cookie = cookie

    def process_resource(
        self, req: falcon.Request, resp: falcon.Response, resource: object, params: dict[str, object]
    ) -> None:
        if getattr(resource, "public", False):
            return
        identity = self._authenticator.authenticate(credentials_of(req))
        req.context.identity = identity
        if identity.token and identity.token_expire:
            self._set_cookie(resp, identity.token, identity.token_expire)

    def _set_cookie(self, resp: falcon.Response, token: str, expiry: str) -> None:
        resp.set_cookie(
            COOKIE,
            token,
            path="/",
            max_age=max(0, int(to_epoch(expiry) - time.time())),
            http_only=True,
            secure=self._cookie.secure,
            same_site=None if self._cookie.same_site == "unset" else self._cookie.same_site,
        )


def credentials_of(req: falcon.Request) -> Credentials:
    """What a request presents, from headers, query and cookie."""
    cookies = req.get_cookie_values(COOKIE) if req.get_header("Cookie") else None
    return Credentials(
        header_token=req.get_header("X-Auth-Token"),
        header_api_key=req.get_header("St2-Api-Key"),
        query_token=req.get_param("x-auth-token"),
        query_api_key=req.get_param("st2-api-key"),
        cookie_token=cookies[0] if cookies else None,
    )


def identity_of(req: falcon.Request) -> Identity:
    """The caller of a request that was authenticated."""
    identity = req.context.identity
    assert isinstance(identity, Identity)  # noqa: S101 - the middleware ran, or the resource is marked public
    return identity

"""The app `auth`: tokens for passwords."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import falcon
import msgspec

from st2lite.auth.login import Login, LoginRequest
from st2lite.auth.passwords import FlatFile, PasswordBackend
from st2lite.auth.tokens import Tokens
from st2lite.config.schema import Config
from st2lite.config.urls import api_base_url
from st2lite.http.app import ServiceContext, create_service_app
from st2lite.http.bodies import read_as
from st2lite.http.errors import fault
from st2lite.models.errors import ConfigError, InvalidInput, Unauthorized

NO_SSO = "Single sign-on is not available in this release; log in with a user name and a password."


class AuthContext(ServiceContext, Protocol):
    """What the app needs of the rooms it calls."""

    @property
    def tokens(self) -> Tokens: ...


class TokenInput(msgspec.Struct):
    """What a caller may send; the body may be empty."""

    ttl: int | None = None
    impersonate_user: str | None = None
    nickname_origin: str | None = None


class TokenCheckInput(msgspec.Struct):
    token: str | None = None


class TokenResource:
    """Resource of `/tokens`."""

    public = True

    def __init__(self, login: Login, api_url: str) -> None:
        self._login = login
        self._api_url = api_url

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        body = read_as(req, TokenInput)
        token, text = self._login.log_in(
            LoginRequest(
                authorization=req.get_header("Authorization"),
                remote_user=req.env.get("REMOTE_USER"),
                ttl=body.ttl,
                impersonate_user=body.impersonate_user,
                nickname_origin=body.nickname_origin,
            )
        )
        resp.status = 201
        resp.set_header("X-API-URL", self._api_url)
        resp.media = {
            "id": token.id,
            "user": token.user,
            "token": text,
            "expiry": token.expiry,
            "metadata": token.metadata,
            "service": token.service,
        }


class TokenValidation:
    """Resource of `/tokens/validate`."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        token = read_as(req, TokenCheckInput).token
        if not token:
            raise InvalidInput("Token is not provided.")
        try:
            self._tokens.check(token)
        except Unauthorized:
            resp.media = {"valid": False}
        else:
            resp.media = {"valid": True}


class SingleSignOn:
    """Resource of `/sso` and below: says that there is none."""

    public = True

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"enabled": False}

    def on_get_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        fault(resp, 500, NO_SSO)

    def on_post_callback(self, req: falcon.Request, resp: falcon.Response) -> None:
        raise Unauthorized(NO_SSO)


def create_auth_app(context: AuthContext) -> falcon.App[falcon.Request, falcon.Response]:
    """The auth service as a WSGI app."""
    config = context.config
    app = create_service_app(context, "auth")
    login = Login(context.store, context.tokens, _backend(config))
    app.add_route("/tokens", TokenResource(login, api_base_url(config)))
    app.add_route("/tokens/validate", TokenValidation(context.tokens))
    sso = SingleSignOn()
    app.add_route("/sso", sso)
    app.add_route("/sso/request", sso, suffix="request")
    app.add_route("/sso/callback", sso, suffix="callback")
    return app


def _backend(config: Config) -> PasswordBackend | None:
    if config.auth.mode == "proxy":
        return None
    settings: dict[str, Any] = config.auth.backend_kwargs
    path = settings.get("file_path")
    if not path or not isinstance(path, str):
        raise ConfigError('[auth] backend_kwargs: flat_file needs {"file_path": "/etc/st2/htpasswd"}.')
    return FlatFile(Path(path).expanduser())

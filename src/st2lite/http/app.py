"""The common frame of the apps `api`, `auth` and `stream`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import falcon

from st2lite.auth.authenticate import Authenticator
from st2lite.config.schema import Config
from st2lite.config.urls import api_base_url
from st2lite.http.audit import Audit
from st2lite.http.errors import add_error_handlers
from st2lite.http.media import JSONHandler
from st2lite.http.middleware import Authentication, CookieRules, Cors, Paths, RequestId
from st2lite.http.openapi.resource import OpenApiDocument
from st2lite.http.operations import add_operations
from st2lite.messaging.contract import Bus
from st2lite.storage.contract import Store


class ServiceContext(Protocol):
    """What every service needs of the rooms it calls."""

    @property
    def config(self) -> Config: ...
    @property
    def store(self) -> Store: ...
    @property
    def authenticator(self) -> Authenticator: ...


def create_service_app(
    context: ServiceContext, service: str, bus: Bus | None = None
) -> falcon.App[falcon.Request, falcon.Response]:
    """The app of `api`, `auth` or `stream` as st2.conf wants it, with what every service answers.

    A service that needs the bus gives it here: it is not ready without.
    """
    options = context.config.api
    app = create_app(
        context.authenticator,
        [*options.allow_origin, api_base_url(context.config)],
        CookieRules(options.auth_cookie_secure, options.auth_cookie_same_site),
    )
    add_operations(app, service, context.store, bus)
    app.add_route("/openapi.json", OpenApiDocument(service))
    return app


def create_app(
    authenticator: Authenticator,
    allow_origin: Sequence[str] = (),
    cookie: CookieRules = CookieRules(),  # noqa: B008 - immutable
) -> falcon.App[falcon.Request, falcon.Response]:
    """An app without routes yet. Routes are added without version: `/executions` serves `/v1/executions` too.

    Every resource is asked for credentials and finds the caller with `middleware.identity_of(req)`, unless it is marked
    with the attribute `public = True`. `allow_origin` are the origins of `[api] allow_origin` and the public API URL.
    """
    app: falcon.App[falcon.Request, falcon.Response] = falcon.App(
        middleware=(Audit(), RequestId(), Cors(allow_origin), Paths(), Authentication(authenticator, cookie))
    )
    handler = JSONHandler()
    app.resp_options.media_handlers[falcon.MEDIA_JSON] = handler
    app.req_options.media_handlers[falcon.MEDIA_JSON] = handler
    app.req_options.auto_parse_qs_csv = False
    app.req_options.keep_blank_qs_values = True
    app.resp_options.secure_cookies_by_default = False
    add_error_handlers(app)
    return app

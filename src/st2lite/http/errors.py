"""Every error leaves as JSON with a `faultstring`; here, and only here, the tree of errors meets status codes."""

from __future__ import annotations

import logging

import falcon
import msgspec

from st2lite.models.errors import (
    BusUnavailable,
    ConfigError,
    Conflict,
    CryptoError,
    Forbidden,
    InvalidInput,
    LockUnavailable,
    NotFound,
    St2liteError,
    StaleWrite,
    StoreUnavailable,
    Unauthorized,
)

log = logging.getLogger(__name__)

NO_ROUTE = "The resource could not be found."
UNHANDLED = "Internal Server Error"

_CODES: tuple[tuple[type[St2liteError], int], ...] = (
    (InvalidInput, 400),
    (CryptoError, 400),
    (Unauthorized, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (StaleWrite, 409),
    (StoreUnavailable, 503),
    (BusUnavailable, 503),
    (LockUnavailable, 503),
    (ConfigError, 500),
)


def status_of(error: St2liteError) -> int:
    """Status code of an error; 500 for a class that is not meant for callers."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), 500)


def add_error_handlers(app: falcon.App[falcon.Request, falcon.Response]) -> None:
    """Make the app answer all errors in the shape clients expect; headers set before the error stay."""
    app.add_error_handler(St2liteError, _on_own_error)
    app.add_error_handler(falcon.HTTPError, _on_falcon_error)
    app.add_error_handler(Exception, _on_unhandled)


def fault(resp: falcon.Response, code: int, text: str, **more: str) -> None:
    """Make `resp` an error with this status code and text."""
    resp.status = code
    resp.content_type = falcon.MEDIA_JSON
    resp.data = msgspec.json.encode({"faultstring": text, **more})


def _on_own_error(req: falcon.Request, resp: falcon.Response, error: St2liteError, params: object) -> None:
    code = status_of(error)
    if code >= 500:
        log.error("%s %s: %s", req.method, req.path, error.message)
    if isinstance(error, Conflict) and error.conflict_id:
        fault(resp, code, error.message, **{"conflict-id": error.conflict_id})
    else:
        fault(resp, code, error.message)


def _on_falcon_error(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, params: object) -> None:
    if error.headers:
        resp.set_headers(error.headers)
    # A known path asked with another method counts as unknown, as StackStorm has it.
    if isinstance(error, (falcon.HTTPNotFound, falcon.HTTPMethodNotAllowed)):
        fault(resp, 404, NO_ROUTE)
    else:
        fault(resp, error.status_code, error.description or error.title)


def _on_unhandled(req: falcon.Request, resp: falcon.Response, error: Exception, params: object) -> None:
    log.error("%s %s failed", req.method, req.path, exc_info=error)
    fault(resp, 500, UNHANDLED)

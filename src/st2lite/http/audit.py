"""Records of who asked for a change: a level of their own, so that they can be kept apart from what a service says."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import falcon

AUDIT = 60
"""Level of records that say who did what; no other record has it."""

LOGGER = "st2lite.audit"

log = logging.getLogger(LOGGER)

_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = ("127.0.0.1", "::1")


class Audit:
    """Middleware that records each request that would change something, refused ones too.

    A record has the attributes `user` ("-" if that is not known), `address`, `method`, `path`, `status`, `request_id`.
    """

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, req_succeeded: bool
    ) -> None:
        if req.method in _LOOKS or not log.isEnabledFor(AUDIT):
            return
        what = {
            "user": _user(req, resp),
            "address": _address(req),
            "method": req.method,
            "path": _path(req),
            "status": resp.status_code,
            "request_id": getattr(req.context, "request_id", ""),
        }
        log.log(AUDIT, "%(method)s %(path)s by %(user)s from %(address)s: %(status)s", what, extra=what)


def _user(req: falcon.Request, resp: falcon.Response) -> str:
    identity = getattr(req.context, "identity", None)
    if identity is not None:
        return str(identity.user)
    # Whoever has just got a token had none before.
    return str(resp.media.get("user", "-")) if isinstance(resp.media, dict) else "-"


def _address(req: falcon.Request) -> str:
    """Where a request comes from: a proxy on this host says so of its own."""
    peer = req.remote_addr
    return ascii(req.get_header("X-Real-IP") or peer)[1:-1] if peer in _LOOPBACK else peer


def _path(req: falcon.Request) -> str:
    """The path, but that of API keys, which may hold a whole key; no line breaks, which would forge records."""
    hidden = req.path.startswith("/apikeys/") and req.uri_template
    return ascii(hidden or req.path)[1:-1]

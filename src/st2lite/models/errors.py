"""The one error tree of the suite.

Every error that a user can cause carries a text that names the field and the remedy. `http/` maps the classes to status
codes, `commands/` prints the text; nothing else needs to know which of the two is asking.
"""

from __future__ import annotations


class St2liteError(Exception):
    """Root of all errors raised on purpose."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(St2liteError):
    """The caller sent something that cannot be accepted as it is (HTTP 400)."""


class Unauthorized(St2liteError):
    """No credentials, or credentials that are not valid (HTTP 401)."""


class Forbidden(St2liteError):
    """Valid credentials that do not allow this (HTTP 403)."""


class NotFound(St2liteError):
    """The named object does not exist (HTTP 404)."""


class Conflict(St2liteError):
    """A unique key is taken already (HTTP 409)."""

    def __init__(self, message: str, conflict_id: str | None = None) -> None:
        super().__init__(message)
        self.conflict_id = conflict_id


class StaleWrite(St2liteError):
    """The document was changed or deleted by someone else since it was read: read it again and decide anew."""


class IllegalTransition(InvalidInput):
    """An execution cannot go from its present status to the one that was asked for."""


class ConfigError(St2liteError):
    """st2.conf or an option holds a value that cannot work; the text names section, option and remedy."""


class ContentError(InvalidInput):
    """A pack or one of its files is not valid; the text names the file and, for YAML, line and column."""


class RenderError(InvalidInput):
    """A Jinja template could not be rendered."""


class CryptoError(St2liteError):
    """A value could not be encrypted or decrypted with the configured key."""


class StoreUnavailable(St2liteError):
    """The database did not answer; nothing was acknowledged (HTTP 503)."""


class DamagedDocument(St2liteError):
    """A stored document cannot be read; the text names collection, id and remedy (HTTP 500)."""


class BusUnavailable(St2liteError):
    """The message broker did not confirm in time; the message may or may not have arrived (HTTP 503)."""


class LockUnavailable(St2liteError):
    """A lock could not be had in time: others hold it, or what keeps the locks does not answer."""

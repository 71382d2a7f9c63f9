"""One tree of errors. Each error's text says what went wrong; ``hint`` says what to do about it.

``exit_code`` is what the command line returns when the error reaches it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from st2client.transport import Response


class St2ClientError(Exception):
    """Root of every error this package raises."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(St2ClientError, ValueError):
    """The command line, a parameter or a file given by the user cannot be used as it is."""


class ConfigError(St2ClientError, ValueError):
    """The configuration file or an environment variable holds something unusable."""


class NotFoundError(St2ClientError):
    """The named resource does not exist on the server."""


class OperationFailed(St2ClientError):
    """The server answered, and the operation did not happen. Ends the command with code 2."""

    exit_code = 2


class ConnectionFailed(St2ClientError, ConnectionError):
    """No answer: the server is down, the address is wrong, or TLS could not be agreed."""


class ResponseError(St2ClientError):
    """The server answered with something that is not what the API promises (not JSON, wrong shape)."""


class HTTPError(St2ClientError, OSError):
    """The server refused the request (status 400 or above).

    ``response`` is the whole answer: ``response.status_code``, ``response.headers``, ``response.json()``.
    """

    def __init__(self, message: str, response: Response, hint: str = "") -> None:
        super().__init__(message, hint)
        self.response = response

    def __str__(self) -> str:
        return str(self.args[0])


def http_error(message: str, response: Response, hint: str = "") -> HTTPError:
    """Build the error for a refused request.

    Scripts written for StackStorm's bindings catch ``requests.exceptions.HTTPError``. This package does not need
    requests, but a script that catches its errors has imported it; then the error raised is of both kinds.
    """
    error: HTTPError = _error_class(HTTPError, "HTTPError")(message, response, hint)
    return error


def connection_error(message: str, hint: str = "") -> ConnectionFailed:
    """Build the error for a server that does not answer; see :func:`http_error` for its kind."""
    error: ConnectionFailed = _error_class(ConnectionFailed, "ConnectionError")(message, hint)
    return error


def _error_class(ours: Any, name: str) -> Any:
    theirs = getattr(sys.modules.get("requests.exceptions"), name, None)
    if theirs is None:
        return ours
    return type(ours.__name__, (ours, theirs), {"__init__": ours.__init__, "__str__": lambda self: str(self.args[0])})

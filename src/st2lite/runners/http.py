"""The runner `http-request`: one HTTP request, answered as status code, headers and body."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from st2lite.executions.protocol import Outcome, Run, Runner, RunnerSettings
from st2lite.models.errors import InvalidInput, St2liteError
from st2lite.models.statuses import CANCELED, FAILED, SUCCEEDED, TIMEOUT
from st2lite.runners.http_request import HttpRequest
from st2lite.runners.http_response import describe, read_body

log = logging.getLogger(__name__)

SUCCESS_CODES = range(200, 207)


def create(settings: RunnerSettings) -> Runner:
    """Make the runner; nothing of the host's settings concerns it."""
    del settings
    return HttpRunner()


class _Late(St2liteError):
    """The answer was not complete in time."""


class HttpRunner:
    """Serves any number of runs at a time; keeps no connection between them."""

    def run(self, run: Run) -> Outcome:
        import requests

        try:
            request = HttpRequest.of(run)
            log.debug("Execution %s: %s to %s.", run.execution_id, request.method, urlsplit(request.url).hostname)
            return _Exchange(request).wait(run)
        except (requests.Timeout, _Late) as error:
            return Outcome(TIMEOUT, {"error": str(error)})
        except (requests.RequestException, InvalidInput, OSError, ValueError) as error:
            return Outcome(FAILED, {"error": str(error)})

    def close(self) -> None:
        """Nothing to release."""


class _Exchange:
    """One request and its answer, on a thread of its own: only so can a silent server be left behind at once.

    The thread notices at the next piece of the answer, or the next redirect, that nobody waits for it any more.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._deadline = time.monotonic() + request.timeout
        self._over = threading.Event()
        self._abandoned = False
        self._answer: dict[str, Any] | None = None
        self._error: Exception | None = None

    def wait(self, run: Run) -> Outcome:
        """Send, and return when the answer is there, time is up or the execution is canceled."""
        threading.Thread(target=self._send, name=f"http-{run.execution_id}", daemon=True).start()
        run.cancellation.on_request(self._over.set)
        in_time = self._over.wait(self._request.timeout)
        self._abandoned = True
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # or error, traceback and connection hold each other, and the connection stays open
        if self._answer is not None:
            return Outcome(SUCCEEDED if self._answer["status_code"] in SUCCESS_CODES else FAILED, self._answer)
        if in_time:
            return Outcome(CANCELED, {"error": "The request was canceled."})
        raise self._late()

    def _send(self) -> None:
        try:
            with self._request.send(self._check_wanted) as response:
                self._answer = describe(response, read_body(response, self._check_wanted))
        except Exception as error:  # noqa: BLE001  (the waiting thread sorts it)
            self._error = error
        finally:
            self._over.set()

    def _check_wanted(self) -> None:
        if self._abandoned or time.monotonic() > self._deadline:
            raise self._late()

    def _late(self) -> _Late:
        return _Late(f"The request was not answered in full within {self._request.timeout:g} seconds.")

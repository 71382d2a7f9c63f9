"""Inquiries: executions of the inquirer runner that wait for somebody's answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from st2lite.executions import events
from st2lite.executions.transitions import change_status, set_result
from st2lite.messaging.contract import Bus
from st2lite.models import statuses, timestamps
from st2lite.models.errors import Forbidden, InvalidInput, NotFound, StaleWrite
from st2lite.models.execution import Execution
from st2lite.models.ids import is_id
from st2lite.models.inquiry import DEFAULT_TTL, INQUIRER
from st2lite.rendering.parameters import check_against_schema
from st2lite.storage.contract import Equal, Order, Store


class InquiryService:
    """Lists and answers inquiries, and ends those that nobody answered in time."""

    def __init__(self, store: Store, bus: Bus, clock: Callable[[], str] = timestamps.now) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock

    def find(self, limit: int | None = None, offset: int = 0) -> list[Execution]:
        """Return open inquiries, newest first."""
        filters = (Equal("status", statuses.PENDING), Equal("runner", INQUIRER))
        return self._store.find(Execution, filters, (Order("start_timestamp", descending=True),), limit, offset)

    def count(self) -> int:
        """Count open inquiries."""
        return self._store.count(Execution, (Equal("status", statuses.PENDING), Equal("runner", INQUIRER)))

    def get(self, identifier: str) -> Execution:
        """Return an open inquiry; raise `NotFound`, or `InvalidInput` when it is none or no longer open."""
        execution = self._store.get(Execution, identifier) if is_id(identifier) else None
        if execution is None:
            raise NotFound(f'Unable to identify resource with id "{identifier}".')
        if execution.runner_name != INQUIRER:
            raise InvalidInput(f'"{identifier}" is not an inquiry: its runner is "{execution.runner_name}".')
        if execution.status == statuses.TIMEOUT:
            raise InvalidInput(f'Inquiry "{identifier}" timed out and can no longer be answered.')
        if execution.status == statuses.SUCCEEDED:
            raise InvalidInput(f'Inquiry "{identifier}" has already been responded to.')
        if execution.status != statuses.PENDING:
            raise InvalidInput(f'Inquiry "{identifier}" is not open: it is "{execution.status}".')
        return execution

    def respond(self, identifier: str, response: Any, user: str, roles: tuple[str, ...] = ()) -> Execution:
        """Answer an inquiry: its execution succeeds. Raise `Forbidden` for a user who may not, `InvalidInput` else."""
        while True:
            execution = self.get(identifier)
            question = self._checked(execution, response, user, roles)
            try:
                return self._end(execution, statuses.SUCCEEDED, {**question, "response": response})
            except StaleWrite:
                pass  # somebody was quicker: read again, and hear what is wrong with an answer now

    @staticmethod
    def _checked(execution: Execution, response: Any, user: str, roles: tuple[str, ...]) -> dict[str, Any]:
        """Return the question; raise `Forbidden` or `InvalidInput` when this is no answer to it."""
        identifier, question = execution.id, question_of(execution)
        if question["users"] and user not in question["users"]:
            raise Forbidden(f'Requesting user "{user}" is not in the users list of inquiry "{identifier}".')
        if question["roles"] and not set(roles) & set(question["roles"]):
            raise Forbidden(f'Requesting user "{user}" has none of the roles that inquiry "{identifier}" asks for.')
        if not isinstance(response, dict):
            raise InvalidInput("response: must be an object.")
        check_against_schema(response, question["schema"], "response")
        return question

    def expire(self) -> int:
        """End inquiries whose time to live has passed (`timeout`); return how many."""
        count = 0
        now = timestamps.to_epoch(self._clock())
        for execution in self.find():
            question = question_of(execution)
            waits = question["ttl"]
            if waits and waits < (now - timestamps.to_epoch(execution.start_timestamp)) / 60:
                try:
                    self._end(execution, statuses.TIMEOUT, question)
                except StaleWrite:
                    continue  # answered at the last moment
                count += 1
        return count

    def _end(self, execution: Execution, status: str, result: dict[str, Any]) -> Execution:
        change_status(execution, status)
        set_result(execution, result)
        self._store.replace(execution)
        events.announce_end(self._bus, execution)
        return execution


def question_of(execution: Execution) -> dict[str, Any]:
    """Return the result of an inquiry, in which `schema`, `users`, `roles`, `route` and `ttl` are of the right type.

    The runner wrote it so, but any client may have changed it since, and must not break the list of all inquiries.
    """
    result = msgspec.json.decode(execution.result) if execution.result else {}
    given = result if isinstance(result, dict) else {}
    ttl = given.get("ttl", DEFAULT_TTL)
    return {
        **given,
        "schema": _typed(given, "schema", dict),
        "users": [str(user) for user in _typed(given, "users", list)],
        "roles": [str(role) for role in _typed(given, "roles", list)],
        "route": _typed(given, "route", str),
        "ttl": ttl if isinstance(ttl, (int, float)) else DEFAULT_TTL,
    }


def inquiry_view(execution: Execution, with_schema: bool = True) -> dict[str, Any]:
    """Return an inquiry as the API shows it."""
    question = question_of(execution)
    names = ("route", "ttl", "users", "roles", *(("schema",) if with_schema else ()))
    return {"id": execution.id, **{name: question[name] for name in names}}


def _typed(given: dict[str, Any], name: str, kind: Callable[[], Any]) -> Any:
    value, default = given.get(name), kind()
    return value if isinstance(value, type(default)) else default

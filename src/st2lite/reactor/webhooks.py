"""Webhooks: requests from outside that become trigger instances.

This is the hottest way into the suite. Triggers are remembered for a second by the store of the process, so a call
costs one write and one message however many rules listen.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from st2lite.models.errors import InvalidInput, NotFound
from st2lite.models.trigger import WEBHOOK_TYPE, Trigger
from st2lite.reactor.dispatch import Dispatcher
from st2lite.storage.contract import Equal, Order, Store

GENERIC = "st2"
"""The webhook that emits whatever trigger its body names."""

TRACE_TAG = "st2-trace-tag"
_KEPT_BACK = frozenset({"st2-api-key", "x-auth-token", "cookie", TRACE_TAG})
"""Headers that do not become part of the payload: credentials, and what is meant for us."""


class Webhooks:
    """The webhooks that rules listen for, enabled or not. Safe to use from many threads."""

    def __init__(self, store: Store, dispatcher: Dispatcher) -> None:
        self._store = store
        self._dispatcher = dispatcher

    def all(self) -> list[Trigger]:
        """The triggers of all webhooks."""
        found = self._store.find(Trigger, (Equal("type", WEBHOOK_TYPE),), (Order("ref"),))
        return [trigger for trigger in found if trigger.webhook]

    def get(self, hook: str) -> list[Trigger]:
        """The triggers of one webhook, at least one; raise `NotFound`."""
        found = self._store.find(Trigger, (Equal("webhook", hook.strip("/")),)) if hook.strip("/") else []
        if not found:
            raise NotFound(f"Webhook {hook} not registered with st2")
        return found

    def call(self, hook: str, headers: Mapping[str, str], body: Any) -> None:
        """Emit the triggers of a webhook; they are stored durably when this returns.

        `headers` are those of the request, their names written like `Content-Type`; `body` is a JSON object or array.
        Raise `NotFound` for a webhook that no rule listens for, `InvalidInput` for a body that is neither.
        """
        triggers = self.get(hook)
        if not isinstance(body, (dict, list)):
            raise InvalidInput("The request body must be a JSON object or array, or a form.")
        kept = {name: value for name, value in headers.items() if name.lower() not in _KEPT_BACK}
        payload = {"headers": kept, "headers_lower": {name.lower(): kept[name] for name in kept}, "body": body}
        self._dispatcher.dispatch(triggers, payload, _trace(hook, headers))

    def call_generic(self, headers: Mapping[str, str], body: Any) -> None:
        """Emit the trigger that `body` names: `{"trigger": <reference>, "payload": {}}`. Raise `InvalidInput`."""
        if not isinstance(body, dict):
            raise InvalidInput('The request body must be a JSON object such as {"trigger": "<type>", "payload": {}}.')
        trigger, payload = body.get("trigger"), body.get("payload")
        if not isinstance(trigger, str) or not trigger:
            raise InvalidInput("Trigger not specified. Give the reference of a trigger type, as text, in `trigger`.")
        if payload is not None and not isinstance(payload, dict):
            raise InvalidInput("payload: must be an object.")
        try:
            self._dispatcher.dispatch_type(trigger, payload or {}, _trace(GENERIC, headers))
        except NotFound as error:
            raise InvalidInput(f"trigger: {error.message}") from None


def _trace(hook: str, headers: Mapping[str, str]) -> dict[str, str]:
    tag = next((value for name, value in headers.items() if value and name.lower() == TRACE_TAG), None)
    return {"trace_tag": tag or f"webhook-{hook}-{uuid.uuid4().hex}"}

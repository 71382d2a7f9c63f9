"""Trigger instances and webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from st2client.managers.base import ResourceManager


class TriggerInstanceResourceManager(ResourceManager):
    """Trigger instances."""

    def re_emit(self, trigger_instance_id: str, **kwargs: Any) -> Any:
        """Let an event happen once more; return the server's ``{message, payload}``."""
        return self.call("POST", self.url(trigger_instance_id, "re_emit"), json=None, **kwargs).json()


class WebhookManager(ResourceManager):
    """Webhooks."""

    def post_generic_webhook(
        self,
        trigger: str,
        payload: Mapping[str, Any] | None = None,
        trace_tag: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Emit an instance of any trigger type through the webhook ``st2``."""
        headers = {"St2-Trace-Tag": trace_tag} if trace_tag else None
        body = {"trigger": trigger, "payload": dict(payload or {})}
        return self.call("POST", "/webhooks/st2", json=body, headers=headers, **kwargs).json()

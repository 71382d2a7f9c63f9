"""Trigger types, triggers and trigger instances as the API shows them."""

from __future__ import annotations

from typing import Any

from st2lite.models.heads import head
from st2lite.models.trigger import Trigger, TriggerInstance, TriggerType


def trigger_type_view(definition: TriggerType) -> dict[str, Any]:
    """A trigger type as the API shows it."""
    return {
        **head(definition),
        "payload_schema": definition.payload_schema,
        "parameters_schema": definition.parameters_schema,
        "tags": definition.tags,
        "metadata_file": definition.metadata_file,
    }


def trigger_view(trigger: Trigger) -> dict[str, Any]:
    """A trigger as the API shows it."""
    return {
        **head(trigger),
        "type": trigger.type,
        "parameters": trigger.parameters,
    }


def instance_view(instance: TriggerInstance) -> dict[str, Any]:
    """A trigger instance as the API shows it."""
    return {
        "id": instance.id,
        "occurrence_time": instance.occurrence_time,
        "payload": instance.payload,
        "trigger": instance.trigger,
        "status": instance.status,
    }

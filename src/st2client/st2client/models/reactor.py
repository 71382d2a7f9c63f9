"""From events to actions: sensors, triggers and rules."""

from __future__ import annotations

from st2client.models.core import Resource


class Sensor(Resource):
    """Code that watches something and emits triggers."""

    _plural = "Sensortypes"
    _plural_display_name = "Sensors"
    _repr_attributes = ("name", "pack")


class TriggerType(Resource):
    """A kind of event."""

    _alias = "Trigger"
    _display_name = "Trigger"
    _plural = "Triggertypes"
    _plural_display_name = "Triggers"
    _repr_attributes = ("name", "pack")


class Trigger(Resource):
    """A trigger type with parameters."""

    _alias = "TriggerSpecification"
    _display_name = "Trigger Specification"
    _plural = "Triggers"
    _plural_display_name = "Trigger Specifications"
    _repr_attributes = ("name", "pack")


class TriggerInstance(Resource):
    """One event that happened."""

    _alias = "Trigger-Instance"
    _display_name = "Trigger Instance"
    _plural = "Triggerinstances"
    _plural_display_name = "Trigger Instances"
    _repr_attributes = ("id", "trigger", "occurrence_time", "payload", "status")


class Rule(Resource):
    """Runs an action when a trigger matches its criteria."""

    _alias = "Rule"
    _plural = "Rules"
    _repr_attributes = ("name", "pack", "trigger", "criteria", "enabled")


class RuleEnforcement(Resource):
    """One time a rule matched, and the execution that followed."""

    _alias = "Rule-Enforcement"
    _display_name = "Rule Enforcement"
    _plural = "RuleEnforcements"
    _plural_display_name = "Rule Enforcements"
    _repr_attributes = ("id", "trigger_instance_id", "execution_id", "rule.ref", "enforced_at")

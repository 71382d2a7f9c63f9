"""``st2 sensor``: what watches for events."""

from __future__ import annotations

from st2client.commands.base import Command
from st2client.commands.generic import Kind, standard

SENSOR = Kind("Sensor")
ORDER = ("id", "uid", "ref", "pack", "name", "enabled", "poll_interval", "entry_point", "artifact_uri", "trigger_types")

COMMANDS: dict[str, Command] = standard(
    SENSOR, ("ref", "pack", "description", "enabled"), "list", "get", "enable", "disable", order=ORDER
)

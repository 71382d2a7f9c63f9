"""``st2 sensor``: what watches for events."""

from __future__ import annotations

from st2client.commands.base import Command
from st2client.commands.generic import Kind, standard

SENSOR = Kind("Sensor")

COMMANDS: dict[str, Command] = standard(
    SENSOR, ("ref", "pack", "description", "enabled"), "list", "get", "enable", "disable"
)

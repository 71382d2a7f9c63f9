"""Configuration of packs."""

from __future__ import annotations

from st2client.models.core import Resource


class Config(Resource):
    """The values a pack is configured with."""

    _display_name = "Config"
    _plural = "Configs"
    _plural_display_name = "Configs"


class ConfigSchema(Resource):
    """What can be configured in a pack."""

    _display_name = "Config Schema"
    _plural = "ConfigSchema"
    _plural_display_name = "Config Schemas"
    _url_path = "config_schemas"
    _repr_attributes = ("id", "pack", "attributes")

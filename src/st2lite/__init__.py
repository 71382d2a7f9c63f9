"""st2lite: event-driven automation that speaks StackStorm's API, packs and configuration."""

__version__ = "0.1.0"

STACKSTORM_VERSION = "3.9.0"
"""The version of StackStorm whose packs and clients st2lite is made for."""

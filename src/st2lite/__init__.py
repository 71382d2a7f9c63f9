"""st2lite: event-driven automation that speaks StackStorm's API, packs and configuration."""

__version__ = "0.1.0"

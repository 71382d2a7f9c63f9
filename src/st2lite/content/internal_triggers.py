"""The trigger types that come with the product; they belong to the pack core."""

from __future__ import annotations

from pathlib import Path

from st2lite.content.trigger_types import make_trigger_type
from st2lite.content.yaml_files import load_file
from st2lite.models.pack import CORE_PACK
from st2lite.models.trigger import TriggerType

DIRECTORY = Path(__file__).parent / "internal_triggers"


def internal_trigger_files() -> list[Path]:
    """Files with trigger types, in a stable order."""
    return sorted(DIRECTORY.glob("*.yaml"))


def read_internal_triggers() -> list[TriggerType]:
    """All trigger types of the product."""
    return [make_trigger_type(entry, CORE_PACK) for path in internal_trigger_files() for entry in load_file(path)]

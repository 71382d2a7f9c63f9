"""A store, and packs that a test may change."""

import shutil
from pathlib import Path

import pytest

from st2lite.content.locations import PackLocations
from st2lite.content.registrar import Registrar

WEATHER = Path(__file__).parents[2] / "fixtures" / "packs" / "weather"


@pytest.fixture
def packs(tmp_path):
    """Directory with the pack weather in it."""
    shutil.copytree(WEATHER, tmp_path / "packs" / "weather")
    (tmp_path / "configs").mkdir()
    (tmp_path / "overrides").mkdir()
    return tmp_path / "packs"


@pytest.fixture
def locations(packs):
    return PackLocations(None, [packs], packs.parent / "configs")


@pytest.fixture
def registrar(store, locations):
    return Registrar(store, locations)

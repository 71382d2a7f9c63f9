from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import children, open_files, wait_for
from tests.sensor_node import SensorNode


@pytest.fixture
def node(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[SensorNode]:
    """A node for sensors; the test fails if it leaves a process or a file descriptor behind."""
    caplog.set_level(logging.DEBUG)
    before = open_files(), children()
    created = SensorNode(tmp_path)
    yield created
    created.close()
    wait_for(lambda: (open_files(), children()) == before)

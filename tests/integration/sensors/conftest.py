from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import nothing_left_behind
from tests.sensor_node import SensorNode


@pytest.fixture
def node(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[SensorNode]:
    """A node for sensors; the test fails if it leaves a process or a file descriptor behind."""
    caplog.set_level(logging.DEBUG)
    with nothing_left_behind():
        created = SensorNode(tmp_path)
        yield created
        created.close()

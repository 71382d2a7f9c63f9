from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import nothing_left_behind
from tests.python_pack import PythonPack


@pytest.fixture
def host(tmp_path: Path) -> Iterator[PythonPack]:
    """Python actions; the test fails if their runner leaves a process or a file descriptor behind."""
    with nothing_left_behind():
        created = PythonPack(tmp_path)
        yield created
        created.runner.close()

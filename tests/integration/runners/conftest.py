from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import children, open_files, wait_for
from tests.python_pack import PythonPack


@pytest.fixture
def host(tmp_path: Path) -> Iterator[PythonPack]:
    """Python actions; the test fails if their runner leaves a process or a file descriptor behind."""
    before = open_files(), children()
    created = PythonPack(tmp_path)
    yield created
    created.runner.close()
    # A server of the test may need a moment to close its connections.
    wait_for(lambda: (open_files(), children()) == before)

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from st2lite.runners import process, python_process, ssh_command, streams, winrm, winrm_shell
from tests.processes import nothing_left_behind
from tests.python_pack import PythonPack


@pytest.fixture
def host(tmp_path: Path) -> Iterator[PythonPack]:
    """Python actions; the test fails if their runner leaves a process or a file descriptor behind."""
    with nothing_left_behind():
        created = PythonPack(tmp_path)
        yield created
        created.runner.close()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], int]:
    """`later(holds)`: for the runners an hour passes as soon as this holds. Returns a time limit that is over then.

    What an action has to do before its time is over takes as long as it takes on a busy machine. An action may be
    quicker than its runner, which asks first when the time begins: that is before the hour in any case.
    """

    def arrange(holds: Callable[[], object]) -> int:
        begun = False

        def monotonic() -> float:
            nonlocal begun
            passed, begun = begun and holds(), True
            return time.monotonic() + (3600 if passed else 0)

        for module in (process, python_process, streams, ssh_command, winrm, winrm_shell):
            monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=monotonic, sleep=time.sleep))
        return 1800

    return arrange

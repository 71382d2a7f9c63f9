"""Kill the process at every single call it makes to store or bus in the life of an execution, and start it again."""

import subprocess
import sys

import pytest

from st2lite.models.execution import Execution, Worker
from st2lite.storage.open import open_store
from tests.processes import PATIENCE

CALLS = 11
"""Calls to store and bus in one life; `test_the_number_of_calls` holds this against the code."""


def child(directory, fatal, when, mode):
    return subprocess.run(
        [sys.executable, "-m", "tests.integration.executions.crash_child", str(directory), str(fatal), when, mode],
        capture_output=True, text=True, timeout=2 * PATIENCE, check=False,
    )  # fmt: skip


def test_the_number_of_calls(tmp_path):
    done = child(tmp_path, 0, "after", "request")
    assert done.returncode == 0, done.stderr
    assert f"calls {CALLS}" in done.stdout


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fatal", range(1, CALLS + 1))
def test_whatever_was_accepted_ends_and_nothing_runs_twice(tmp_path, fatal, when):
    first = child(tmp_path, fatal, when, "request")
    assert first.returncode == -9, first.stderr
    second = child(tmp_path, 0, "after", "recover")
    assert second.returncode == 0, second.stderr

    store = open_store(f"sqlite://{tmp_path}/st2.db")
    executions = {execution.id: execution for execution in store.find(Execution)}
    leases = store.count(Worker)
    store.close()
    marker = tmp_path / "marker"
    runs = marker.read_text().split() if marker.exists() else []

    accepted = [line.split()[1] for line in first.stdout.splitlines() if line.startswith("accepted")]
    assert set(accepted) <= set(executions)
    assert len(runs) == len(set(runs)) <= len(executions) <= 1
    for execution in executions.values():
        assert execution.status in ("succeeded", "abandoned")
        if execution.status == "succeeded":
            assert runs == [execution.id]
    assert leases == 0

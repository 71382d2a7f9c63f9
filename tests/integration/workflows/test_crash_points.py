"""Kill the process at every single call it makes to store or bus while a chain within a chain runs."""

import json
import subprocess
import sys

import pytest


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_chain_survives_a_crash_at_any_point(tmp_path, when):
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.workflows.crash_child", str(tmp_path), when],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    whole, *crashes = map(json.loads, done.stdout.splitlines())
    assert whole["executions"] == {"outer": "succeeded", "o": "succeeded", "a": "succeeded", "b": "succeeded"}
    assert whole["ran"] == ["a", "b"]
    assert len(crashes) > 25
    for crash in crashes:
        _check(crash)


def _check(crash):
    ran, executions = crash["ran"], crash["executions"]
    assert crash["ends"] == [-9, 0], crash
    assert ran in ([], ["a"], ["a", "b"]), crash
    if not executions:  # never accepted
        assert ran == [], crash
    elif "abandoned" in executions.values():  # a task was cut short, and is not run again behind the user's back
        assert executions["outer"] == "failed", crash
        assert "abandoned" in (executions.get("a"), executions.get("b")), crash
    else:
        assert set(executions.values()) == {"succeeded"}, crash
        assert ran == ["a", "b"], crash

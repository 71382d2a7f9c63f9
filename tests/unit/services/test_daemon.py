"""Being asked to stop, at whatever moment that is."""

from __future__ import annotations

import subprocess
import sys

from tests.processes import PATIENCE

AT_EVERY_STEP = """
import signal, sys
from st2lite.services.daemon import StopSignal

def wait_interrupted_at(step):
    stop = StopSignal()
    steps = iter(range(1, step + 1))

    def trace(frame, event, _argument):
        if event == "line" and next(steps, None) == step:
            signal.raise_signal(signal.SIGTERM)
        return trace

    sys.settrace(trace)
    stop.wait(0.001)
    sys.settrace(None)
    reached = next(steps, None) is None
    assert stop.wait(0) is reached
    return reached

step = 1
while wait_interrupted_at(step):
    step += 1
print(step)
"""


def test_a_signal_is_heard_at_every_step_of_waiting_for_it() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", AT_EVERY_STEP], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 1

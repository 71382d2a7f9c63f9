"""What the `st2` command costs: a person's patience, and a script's loop."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.servers.deployment import Deployment

ROUNDS = 7


def measure(deployment: Deployment, home: Path) -> dict[str, float]:
    """CPU of `st2 --version`, and wall time of `st2 run core.local date` with a cached token."""
    program = str(Path(sys.executable).with_name("st2"))
    config = home / "st2.config"
    config.touch(mode=0o600)
    config.write_text(f"[credentials]\nusername = {deployment.user}\npassword = {deployment.password}\n")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ST2_")}
    environment = {**inherited, **deployment.environment, "HOME": str(home), "ST2_CONFIG_FILE": str(config)}
    _run([program, "run", "core.local", "date"], environment)  # logs in and keeps the token
    version = [_run([program, "--version"], environment) for _ in range(ROUNDS)]
    run = [_run([program, "run", "core.local", "date"], environment) for _ in range(ROUNDS)]
    return {
        "st2_version_cpu_ms": 1000 * statistics.median(cpu for cpu, _ in version),
        "st2_run_wall_ms": 1000 * statistics.median(wall for _, wall in run),
        "st2_run_cpu_ms": 1000 * statistics.median(cpu for cpu, _ in run),
    }


def _run(command: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a command; return its CPU and wall seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, env=environment, capture_output=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall

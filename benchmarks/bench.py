"""Measure what st2lite costs, and print it as a table. See `scripts/bench --help`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import st2lite
from benchmarks import cli
from benchmarks.measures import ACTIONS, PACKS, Measurement, add_virtualenv, start_seconds
from benchmarks.report import table
from tests.servers.deployment import Deployment, Separate, Standalone
from tests.servers.mongod import MongoServer
from tests.servers.rabbitmq import RabbitServer

REPOSITORY = Path(__file__).parents[1]
MODES = ("standalone", "separate")


def main() -> int:
    options = _options()
    results: dict[str, dict[str, float]] = {}
    for mode in MODES if options.mode == "all" else (options.mode,):
        with tempfile.TemporaryDirectory(prefix="st2bench-") as directory:
            results[mode] = _measure(mode, Path(directory), 0.1 if options.quick else 1.0)
    print(f"\n{table(results)}\n")
    print("CPU is that of all st2lite processes and their children, database and broker apart. ! misses its target.")
    path = options.output or REPOSITORY / "benchmarks/results" / f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"about": _about(options.quick), "results": results}, indent=2) + "\n")
    print(f"Written to {path}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure what st2lite costs.")
    parser.add_argument("--mode", choices=(*MODES, "all"), default="all", help="which deployment (default: both)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the executions, for a first look")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where the JSON goes (benchmarks/results/…)")
    return parser.parse_args()


def _measure(mode: str, directory: Path, scale: float) -> dict[str, float]:
    if mode == "standalone":
        return _measure_deployment(mode, directory, scale, lambda: Standalone(directory, packs=[PACKS]))
    with MongoServer(directory / "mongod", auth=True) as mongo, RabbitServer(directory / "rabbitmq") as rabbit:
        return _measure_deployment(
            mode, directory, scale, lambda: Separate(directory, packs=[PACKS], mongo=mongo, rabbit=rabbit)
        )


def _measure_deployment(mode: str, directory: Path, scale: float, create: Callable[[], Deployment]) -> dict[str, float]:
    deployment = create()
    try:
        _say(mode, "start")
        add_virtualenv(deployment)
        figures = {"start_ms": 1000 * start_seconds(deployment)}
        _say(mode, "idle")
        measurement = Measurement(deployment, scale)
        figures |= measurement.idle()
        for name, (action, _) in ACTIONS.items():
            _say(mode, action)
            figures |= measurement.action(name)
        figures |= measurement.unwatched("chain")
        _say(mode, "events")
        figures |= measurement.events()
        _say(mode, "throughput")
        figures |= measurement.throughput()
        _say(mode, "st2 command")
        figures |= cli.measure(deployment, directory)
        _say(mode, "list")
        figures |= measurement.listing()
        deployment.stop()
        figures["restart_ms"] = 1000 * start_seconds(deployment)
    finally:
        deployment.stop()
    return figures


def _say(mode: str, what: str) -> None:
    print(f"{mode}: {what}", file=sys.stderr, flush=True)


def _about(quick: bool) -> dict[str, object]:
    commit = subprocess.run(
        ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "version": st2lite.__version__,
        "commit": commit.stdout.strip(),
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpu": models[0].split(":", 1)[1].strip() if models else platform.machine(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "quick": quick,
    }


if __name__ == "__main__":
    sys.exit(main())

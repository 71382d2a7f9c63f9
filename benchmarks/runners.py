"""What one run of the cheapest actions costs inside the runners: CPU milliseconds of this process and of its children.

    python benchmarks/runners.py [RUNS]

No store and no bus take part; the numbers are the floor below which no execution can get.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import st2lite.packlib
from st2lite.executions.protocol import Run
from st2lite.runners.registry import RunnerRegistry
from tests.runs import make_run, make_settings

RUNS = 300
ACTION = (
    "from st2common.runners.base_action import Action\n\n\n"
    "class Trivial(Action):\n"
    "    def run(self, number):\n"
    "        return number\n"
)


def cpu(who: int) -> float:
    """CPU seconds that this process, or its reaped children, have used."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def measure(name: str, directory: Path, make: Callable[[], Run], runs: int) -> None:
    """Run what `make` returns `runs` times and print a line; the registry is closed so that warm hosts are counted."""
    settings = make_settings(
        directory,
        packlib_dir=Path(next(iter(st2lite.packlib.__path__))),
        system_packs=frozenset({"examples"}),
    )
    registry = RunnerRegistry(settings)
    run = make()
    runner = registry.get(run.runner)
    assert runner.run(run).status == "succeeded"
    own, children, start = cpu(resource.RUSAGE_SELF), cpu(resource.RUSAGE_CHILDREN), time.perf_counter()
    for _ in range(runs):
        runner.run(make())
    wall = time.perf_counter() - start
    own = cpu(resource.RUSAGE_SELF) - own
    registry.close()
    children = cpu(resource.RUSAGE_CHILDREN) - children
    figures = (1000 * seconds / runs for seconds in (own, children, own + children, wall))
    print(f"{name:<28}" + "".join(f"{figure:>10.2f}" for figure in figures))


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    print(f"{'ms per run, ' + str(runs) + ' runs':<28}{'own':>10}{'children':>10}{'CPU':>10}{'wall':>10}")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        script, action = directory / "true.sh", directory / "trivial.py"
        script.write_text("#!/bin/sh\nexit 0\n")
        action.write_text(ACTION)
        time.sleep(2.1)  # a file this new would be compiled for each run
        noop = lambda: make_run("noop", {})  # noqa: E731
        command = lambda: make_run("local-shell-cmd", {"cmd": "true"})  # noqa: E731
        shell = lambda: make_run("local-shell-script", {}, {"a": 1}, entry_point=script)  # noqa: E731
        python = lambda: make_run("python-script", {}, {"number": 1}, entry_point=action, pack_dir=directory)  # noqa: E731
        for label, make in (
            ("noop", noop),
            ("local-shell-cmd true", command),
            ("local-shell-script", shell),
            ("python-script", python),
        ):
            measure(label, directory, make, runs)


if __name__ == "__main__":
    main()

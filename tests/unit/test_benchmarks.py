"""The benchmark measures what it says it measures."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.processes import cpu_seconds, pss_mib, tree
from benchmarks.report import ROWS, table

_BURN = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
_PARENT = (
    f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_BURN!r}]); print('done', flush=True); input()"
)


def test_cpu_of_children_that_ended_counts() -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"done\n"
    assert cpu_seconds([parent.pid]) >= 0.29
    parent.communicate(b"\n")


def test_the_tree_holds_descendants_and_nobody_else() -> None:
    script = "import subprocess; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True)"
    script += "; input(); p.kill(); p.wait()"
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert tree([parent.pid]) == {parent.pid, child}
    assert pss_mib([parent.pid]) > pss_mib([child]) > 0
    parent.communicate(b"\n")
    assert tree([child]) == {child}
    assert cpu_seconds([child]) == 0, "a process that is gone costs nothing"
    assert os.getpid() not in tree([parent.pid])


def test_the_table_marks_missed_targets_only() -> None:
    figures = {"noop_cpu_ms": 2.5, "local_cpu_ms": 8.1, "noop_per_s": 299.0}
    lines = table({"standalone": figures}).splitlines()
    cells = {line.split("|")[1].strip(): line.split("|")[2].strip() for line in lines[2:]}
    assert cells["core.noop, CPU ms"] == "2.5"
    assert cells["core.local true, CPU ms"] == "8.1 !"
    assert cells["core.noop per second, 8 clients"] == "299 !"
    assert cells["memory idle, PSS MiB"] == "", "a figure that is missing is neither good nor bad"
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == len(ROWS) + 2

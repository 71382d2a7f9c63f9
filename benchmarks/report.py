"""The table that people read, and the targets it is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Row:
    """One line: what is measured, targets (None: there is none), and StackStorm 3.10 on two such cores, for scale."""

    key: str
    title: str
    standalone: float | None = None
    separate: float | None = None
    at_least: bool = False
    stackstorm: float | None = None


ROWS = (
    Row("noop_cpu_ms", "core.noop, CPU ms", 3, 5, stackstorm=199),
    Row("local_cpu_ms", "core.local true, CPU ms", 8, 10, stackstorm=239),
    Row("python_cpu_ms", "python-script, CPU ms", 15, 18, stackstorm=546),
    Row("noop_polled_cpu_ms", "core.noop one by one, polled, CPU ms"),
    Row("local_polled_cpu_ms", "core.local one by one, polled, CPU ms"),
    Row("python_polled_cpu_ms", "python-script one by one, polled, CPU ms"),
    Row("noop_p50_ms", "core.noop, p50 ms", 10, stackstorm=282),
    Row("noop_p95_ms", "core.noop, p95 ms"),
    Row("local_p50_ms", "core.local true, p50 ms", 20, stackstorm=320),
    Row("local_p95_ms", "core.local true, p95 ms"),
    Row("python_p50_ms", "python-script, p50 ms", 25, stackstorm=583),
    Row("python_p95_ms", "python-script, p95 ms"),
    Row("noop_per_s", "core.noop per second, 8 clients", 300, at_least=True, stackstorm=4.85),
    Row("noop_waiting_per_s", "the same, each waiting for its own"),
    Row("chain_cpu_ms", "chain of three core.noop, CPU ms", 12, 12, stackstorm=880),
    Row("chain_polled_cpu_ms", "the same one by one, polled, CPU ms"),
    Row("chain_end_p50_ms", "the same from request to end, nobody looks meanwhile, p50 ms", 40, 40),
    Row("chain_p50_ms", "the same until a client that polls sees it, p50 ms", stackstorm=3595),
    Row("chain_p95_ms", "the same, p95 ms"),
    Row("webhook_cpu_ms", "webhook to finished core.noop, CPU ms", 6, 10, stackstorm=255),
    Row("webhook_p50_ms", "webhook to finished core.noop, p50 ms", 15, 15, stackstorm=394),
    Row("webhook_p95_ms", "webhook to finished core.noop, p95 ms"),
    Row("burst_s", "2,000 webhooks at once, s until all are done", 15, 15),
    Row("idle_cpu_percent", "idle, percent of one core", 0.5, 0.5),
    Row("pss_idle_mib", "memory idle, PSS MiB", 100, 300, stackstorm=1741),
    Row("pss_after_mib", "memory after 2,000 executions"),
    Row("start_ms", "first start to ready, ms", 2000, stackstorm=22_000),
    Row("restart_ms", "later start to ready, ms"),
    Row("list_cpu_ms", "list 50 of 20,000, CPU ms", 5, 5),
    Row("list_p50_ms", "list 50 of 20,000, p50 ms"),
    Row("st2_version_cpu_ms", "st2 --version, CPU ms", 150),
    Row("st2_run_wall_ms", "st2 run core.local date, wall ms", 350),
)


def table(results: Mapping[str, Figures]) -> str:
    """A Markdown table: a column of figures per mode, each with its target behind it."""
    modes = list(results)
    titles = [text for mode in modes for text in (mode, "target")]
    lines = [["", *titles, "StackStorm 3.10"]]
    for row in ROWS:
        cells = [row.title]
        for mode in modes:
            target = getattr(row, mode)
            cells += [_judged(results[mode].get(row.key), target, row.at_least), _target(target, row.at_least)]
        lines.append([*cells, _number(row.stackstorm)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = [_line(line, widths) for line in lines]
    rule = "| " + " | ".join(["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]) + " |"
    return "\n".join([text[0], rule, *text[1:]])


def _line(cells: list[str], widths: list[int]) -> str:
    first = cells[0].ljust(widths[0])
    rest = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return "| " + " | ".join([first, *rest]) + " |"


def _judged(value: float | None, target: float | None, at_least: bool) -> str:
    """The figure, marked where it misses its target."""
    if value is None or target is None:
        return _number(value)
    missed = value < target if at_least else value > target
    return f"{_number(value)} !" if missed else _number(value)


def _target(target: float | None, at_least: bool) -> str:
    return "" if target is None else f"{'≥' if at_least else '≤'} {_number(target)}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"

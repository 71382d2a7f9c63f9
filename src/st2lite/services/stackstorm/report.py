"""What came over from StackStorm, and what did not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

IMPORTED, UPDATED, KEPT, FAILED = "imported", "updated", "kept", "failed"
OUTCOMES = (IMPORTED, UPDATED, KEPT, FAILED)


@dataclass(frozen=True)
class Entry:
    """One object: what became of it, and why."""

    kind: str
    name: str
    outcome: str
    reason: str = ""


@dataclass
class Report:
    """All objects that the source had, in the order in which they were dealt with."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, kind: str, name: str, outcome: str, reason: str = "") -> None:
        self.entries.append(Entry(kind, name, outcome, reason))

    @property
    def failures(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.outcome == FAILED]

    def counts(self) -> dict[str, dict[str, int]]:
        """Map each kind to how many of its objects had each outcome."""
        counts: dict[str, dict[str, int]] = {}
        for entry in self.entries:
            row = counts.setdefault(entry.kind, dict.fromkeys(OUTCOMES, 0))
            row[entry.outcome] += 1
        return counts

    def lines(self) -> Iterator[str]:
        """The report for people."""
        for kind, row in self.counts().items():
            yield f"{kind}: " + ", ".join(f"{count} {outcome}" for outcome, count in row.items() if count)
        for entry in self.failures:
            yield f"  not imported: {entry.kind} {entry.name}: {entry.reason}"

    def as_data(self) -> dict[str, Any]:
        """The report for programs."""
        return {"counts": self.counts(), "entries": [asdict(entry) for entry in self.entries]}

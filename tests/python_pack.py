"""A pack whose python actions the test writes, and a runner for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import st2lite.packlib
from st2lite.executions.protocol import Outcome, Run
from st2lite.runners import python
from st2lite.runners.python import PythonRunner
from tests.runs import make_run, make_settings

PACKLIB = Path(next(iter(st2lite.packlib.__path__)))


class PythonPack:
    """A runner and the pack `examples`, below `directory`; `settings` are those of the host."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        self.pack = directory / "packs" / "examples"
        (self.pack / "actions").mkdir(parents=True)
        given = {"packlib_dir": PACKLIB, "system_packs": frozenset({"examples"}), **settings}
        self.runner: PythonRunner = python.create(make_settings(directory, **given))

    def write(self, source: str, name: str = "act.py") -> Path:
        path = self.pack / "actions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"from st2common.runners.base_action import Action\n{source}")
        return path

    def prepare(self, source: str, action: dict[str, Any] | None = None, **runner: Any) -> Run:
        body = "".join(f"        {line}\n" for line in source.splitlines())
        path = self.write(f"import os, sys\nclass Act(Action):\n    def run(self, **given):\n{body}")
        return make_run("python-script", runner, action, entry_point=path, pack_dir=self.pack)

    def run(self, source: str, action: dict[str, Any] | None = None, **runner: Any) -> Outcome:
        """Run `source` as the body of `run(self, **given)`."""
        return self.runner.run(self.prepare(source, action, **runner))

    def run_file(self, path: Path, **action: Any) -> Outcome:
        return self.runner.run(make_run("python-script", {}, action, entry_point=path, pack_dir=self.pack))

"""Import rules that the contracts in pyproject.toml cannot express."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "src"
PACKLIB = SOURCES / "st2lite/packlib"


def imported(path: Path) -> Iterator[str]:
    """The top-level names of all modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert node.module is not None
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", sorted(PACKLIB.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKLIB)))
def test_pack_code_gets_nothing_but_itself_and_the_standard_library(path: Path) -> None:
    own = {entry.stem for entry in PACKLIB.iterdir()}
    assert set(imported(path)) <= own | sys.stdlib_module_names


@pytest.mark.parametrize("module", ["st2lite.services.standalone", "st2lite.services.actionrunner"])
def test_starting_a_service_imports_nothing_that_only_some_actions_need(module: str) -> None:
    """Memory and start time: each of these costs megabytes and tens of milliseconds, and few installations need all."""
    heavy = {"paramiko", "winrm", "requests", "eventlet", "gunicorn", "pymongo", "passlib", "jsonschema", "tooz"}
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heavy.intersection(json.loads(done.stdout)) == set()


def test_the_mongodb_driver_loads_no_library_that_it_does_not_use() -> None:
    code = (
        "import sys, st2lite.storage.mongodb.store; from pymongo import ssl_support as s;"
        "print(s.HAVE_SSL, s.HAVE_PYSSL, 'cryptography' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False"]

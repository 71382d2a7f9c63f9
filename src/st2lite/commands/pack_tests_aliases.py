"""Answers what tests of aliases ask: a question on standard input, as JSON (see `packlib/st2tests/aliases.py`)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from st2lite.content.aliases import make_alias
from st2lite.content.packs import read_pack
from st2lite.content.yaml_files import SUFFIXES, load_map
from st2lite.models.alias_formats import compile_format
from st2lite.models.errors import St2liteError


def main() -> int:
    question = json.load(sys.stdin)
    try:
        found = {"answer": _answer(question)}
    except St2liteError as error:
        found = {"error": error.message}
    sys.stdout.write(json.dumps(found))
    return 0


def _answer(question: dict[str, Any]) -> Any:
    if "aliases" not in question:
        return compile_format(question["format"]).parameters(question["command"])
    directory = Path(question["aliases"])
    pack = read_pack(directory).ref
    paths = sorted(path for path in directory.glob("aliases/*") if path.suffix in SUFFIXES)
    return [msgspec.to_builtins(make_alias(load_map(path), pack)) for path in paths]


if __name__ == "__main__":
    sys.exit(main())

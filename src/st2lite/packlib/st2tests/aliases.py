"""Aliases as the server reads them: its interpreter answers, for that of a pack has neither YAML nor grammar."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

PROGRAM = "ST2_PACK_TESTS_ALIASES"
"""Variable with the command, as a JSON array, that answers a question on its standard input (see `ask`)."""


class ActionAlias:
    """Metadata of one alias; its keys are attributes."""

    def __init__(self, **fields: Any) -> None:
        self.name = ""
        self.formats: list[Any] = []
        self.__dict__.update(fields)

    def get_format_strings(self) -> list[str]:
        """Return all formats that commands are compared with, one after the other."""
        strings: list[str] = []
        for entry in self.formats:
            representation = entry if isinstance(entry, str) else entry.get("representation", [])
            strings += [representation] if isinstance(representation, str) else representation
        return strings


def ask(**question: Any) -> Any:
    """Ask for `aliases=DIRECTORY` of a pack (a list), or for the parameters in a `command` of a `format`.

    Raises `ValueError` with the server's words if what is asked about is not valid or does not fit.
    """
    if PROGRAM not in os.environ:
        raise RuntimeError("Tests of aliases are run by st2-run-pack-tests.")
    command = json.loads(os.environ[PROGRAM])
    done = subprocess.run(command, input=json.dumps(question), stdout=subprocess.PIPE, check=True, encoding="utf-8")
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise ValueError(answer["error"])
    return answer["answer"]

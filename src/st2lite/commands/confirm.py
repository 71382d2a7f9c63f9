"""Asking before something is lost."""

from __future__ import annotations

import sys

from st2lite.models.errors import InvalidInput


def confirm(question: str) -> None:
    """Return if the person at the terminal agrees; raise `InvalidInput` if not, or if there is nobody to ask."""
    if not sys.stdin.isatty() or input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise InvalidInput("Nothing was removed. (Without a terminal, confirm with --yes.)")

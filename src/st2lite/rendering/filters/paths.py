"""Parts of a file path."""

from __future__ import annotations

import os.path
from typing import Any


def basename(value: Any) -> str:
    """Last part of a path, empty after a trailing slash."""
    return os.path.basename(str(value))  # noqa: PTH119 - pathlib drops the trailing slash that counts here


def dirname(value: Any) -> str:
    """All but the last part of a path."""
    return os.path.dirname(str(value))  # noqa: PTH120

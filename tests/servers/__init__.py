"""Real servers for tests: child processes on ephemeral ports with directories of their own, stopped by their pid."""

from __future__ import annotations

import os

import pytest


def require(available: object, what: str) -> None:
    """Go on if `available` is truthy; else skip the test, or fail it where nothing may be missing (`CI=true`)."""
    if available:
        return
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(f"{what} is missing, and CI must run every test", pytrace=False)
    pytest.skip(f"{what} is missing")

"""How a refusal by sudo is told from a failure of the command that it was to run."""

from __future__ import annotations

import re

SUDO_REFUSED = re.compile(
    r"^sudo: (\d+ incorrect password attempt|no password was provided|a password is required|a terminal is required)",
    re.MULTILINE,
)
"""Matches what sudo writes to stderr when it did not run the command; its exit code is 1 then."""

SUDO_REFUSED_CODE = -1
"""Return code that a result shows in such a case."""

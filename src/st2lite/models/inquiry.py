"""Inquiries: executions that ask something and wait for the answer."""

from __future__ import annotations

INQUIRER = "inquirer"
"""Name of the runner type that asks."""

DEFAULT_TTL = 1440
"""Minutes an inquiry waits when the action says nothing else."""

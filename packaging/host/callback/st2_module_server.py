"""Ansible callback of install.sh: has the modules run by module_server.py as long as the playbook runs.

The environment variable ST2_MODULE_SERVER names the socket of it.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import ansible
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: st2_module_server
type: aggregate
short_description: modules run in forks of one process
description: Starts the process that runs the modules, which ends with the playbook.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # Ansible has no types
    """Starts the server, and holds the pipe that keeps it alive."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "st2_module_server"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook: Any) -> None:  # noqa: ARG002  # Ansible names it
        """Start it. The first modules may come before it listens; they have a Python of their own."""
        program = Path(__file__).parents[1] / "module_server.py"
        site_packages = Path(ansible.__file__).parents[1]
        self._server = subprocess.Popen(
            ["/usr/bin/python3", program, site_packages, os.environ["ST2_MODULE_SERVER"]],
            stdin=subprocess.PIPE,
            stdout=1,  # Ansible has what it starts inherit neither
            stderr=2,
        )

#!/usr/bin/python
"""What the checks of a host ask for, in one step: disks, writable folders, paths, the clock, what programs print."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
---
module: host_survey
short_description: Look at disks, folders, the clock and what programs print
description:
  - Changes nothing.
options:
  disks:
    description: Folders with the MiB that each needs. Folders on one file system share its free space.
    type: dict
    default: {}
  folders:
    description: Folders that have to be writable.
    type: list
    elements: path
    default: []
  paths:
    description: Patterns of paths to look for.
    type: list
    elements: str
    default: []
  commands:
    description: Commands by name, each a list of words. One that does not exist prints nothing.
    type: dict
    default: {}
author:
  - The st2lite authors
"""

EXAMPLES = r"""
- name: Look at the host
  host_survey:
    disks: {/opt: 1000, /var: 1500}
    folders: [/etc]
    commands:
      kernel: [uname, --kernel-release]
  register: __host
"""

RETURN = r"""
disks:
  description: One entry for each file system, with MiB.
  returned: always
  type: list
  elements: dict
  sample:
    - {folders: [/opt, /var], free: 20480, needed: 2500}
unwritable:
  description: Those of I(folders) that cannot be written.
  returned: always
  type: list
  elements: str
paths:
  description: What is there of I(paths), in order.
  returned: always
  type: list
  elements: str
clock:
  description: Seconds since 1970, by the clock of the host.
  returned: always
  type: int
lines:
  description: Lines that I(commands) printed, by name.
  returned: always
  type: dict
"""


def disks(wanted: dict[str, int]) -> list[dict[str, Any]]:
    """Free and needed space of each file system that one of the folders is on, or will be when it is made."""
    found: dict[int, dict[str, Any]] = {}
    for folder, size in wanted.items():
        place = next(path for path in (Path(folder), *Path(folder).parents) if path.exists())
        system = os.statvfs(place)
        entry = found.setdefault(
            place.stat().st_dev, {"folders": [], "free": system.f_bavail * system.f_frsize >> 20, "needed": 0}
        )
        entry["folders"].append(folder)
        entry["needed"] += int(size)
    return list(found.values())


def unwritable(folders: list[str]) -> list[str]:
    """Folders that are not there, or on a file system that is mounted for reading only."""
    return [folder for folder in folders if not os.access(folder, os.W_OK)]


def printed(module: AnsibleModule, words: list[str]) -> list[str]:
    """Lines of a command's output, whatever its status; none if there is no such program."""
    try:
        return list(module.run_command(words, handle_exceptions=False)[1].splitlines())
    except OSError:
        return []


def main() -> None:
    """Run as a module of Ansible."""
    module = AnsibleModule(
        argument_spec={
            "disks": {"type": "dict", "default": {}},
            "folders": {"type": "list", "elements": "path", "default": []},
            "paths": {"type": "list", "elements": "str", "default": []},
            "commands": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    wanted = module.params
    module.exit_json(
        changed=False,
        disks=disks(wanted["disks"]),
        unwritable=unwritable(wanted["folders"]),
        paths=sorted(str(path) for pattern in wanted["paths"] for path in Path("/").glob(pattern.lstrip("/"))),
        clock=int(time.time()),
        lines={name: printed(module, words) for name, words in wanted["commands"].items() if words},
    )


if __name__ == "__main__":
    main()

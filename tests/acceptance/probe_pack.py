"""A pack with an action for every runner that runs a file of its pack, written as StackStorm's users write them."""

from __future__ import annotations

from pathlib import Path

_PACK = """\
---
ref: probe
name: probe
description: Actions for tests.
version: 1.2.3
author: Test
email: test@example.org
keywords: [probe]
python_versions: ["3"]
"""

_PYTHON = """\
import sys
import time

from st2common.runners.base_action import Action


class Probe(Action):
    def run(self, message, count=1, fail=False, seconds=0):
        self.logger.info("message is %s", message)
        print("printed", flush=True)
        time.sleep(seconds)
        self.action_service.set_value("last", message)
        value = self.action_service.get_value("last")
        result = {"messages": [value] * count, "user": self.action_service.get_user_info()["username"]}
        return (not fail, result)
"""

_PYTHON_METADATA = """\
---
name: python
pack: probe
description: A python action.
runner_type: python-script
enabled: true
entry_point: python.py
parameters:
  message:
    type: string
    required: true
    position: 0
  count:
    type: integer
    default: 1
  fail:
    type: boolean
    default: false
  seconds:
    type: integer
    default: 0
"""

_SCRIPT = """\
#!/bin/sh
printf '<%s>' "$@"
echo " in $ST2_ACTION_PACK_NAME"
echo warning >&2
"""

_SCRIPT_METADATA = """\
---
name: {name}
pack: probe
description: A script.
runner_type: {runner}
enabled: true
entry_point: {script}
parameters:
  name:
    type: string
    default: world
  loud:
    type: boolean
    default: false
  items:
    type: array
    default: [1, 2]
    position: 0
"""

_POWERSHELL = "param($name)\nWrite-Output $name\n"


def write_probe_pack(directory: Path) -> None:
    """Write the pack `probe`."""
    actions = directory / "actions"
    actions.mkdir(parents=True)
    (directory / "pack.yaml").write_text(_PACK)
    (actions / "python.py").write_text(_PYTHON)
    (actions / "python.yaml").write_text(_PYTHON_METADATA)
    (actions / "script.sh").write_text(_SCRIPT)
    (actions / "script.ps1").write_text(_POWERSHELL)
    for name, runner, script in (
        ("local_script", "local-shell-script", "script.sh"),
        ("remote_script", "remote-shell-script", "script.sh"),
        ("powershell_script", "winrm-ps-script", "script.ps1"),
    ):
        text = _SCRIPT_METADATA.format(name=name, runner=runner, script=script)
        (actions / f"{name}.yaml").write_text(text)

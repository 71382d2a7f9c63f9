#!/usr/bin/python
"""Many small files in one step. A loop over ansible.builtin.template takes seconds for what takes milliseconds here."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
---
module: st2_files
short_description: Write many small files of root
description:
  - Writes those that are not there, or differ in content, owner or mode. Each is replaced in one step.
options:
  files:
    description: The files.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Where it is; its directory exists.
        type: path
        required: true
      content:
        description: All of its text.
        type: str
        required: true
      mode:
        description: Its mode, in octal.
        type: str
        default: "0644"
      service:
        description: Whom it concerns; not looked at.
        type: str
author:
  - The st2lite authors
"""

EXAMPLES = r"""
- name: Lay down units
  st2_files:
    files:
      - path: /etc/default/st2api
        content: "{{ lookup('ansible.builtin.template', 'environment.j2') }}"
  register: __written
"""

RETURN = r"""
changed_paths:
  description: Paths of the files that were written.
  returned: always
  type: list
  elements: str
"""


def differs(path: Path, content: str, mode: int) -> bool:
    """Whether there is no such file of root; a link is none."""
    try:
        found = path.lstat()
        return (
            not stat.S_ISREG(found.st_mode)
            or stat.S_IMODE(found.st_mode) != mode
            or (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid())
            or path.read_bytes() != content.encode()
        )
    except FileNotFoundError:
        return True


def write(path: Path, content: str, mode: int) -> None:
    """Put a file in the place of what is there; whoever reads meanwhile gets the one or the other."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content.encode())
            os.fchmod(stream.fileno(), mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


def _diff(path: Path, content: str) -> dict[str, str]:
    try:
        before = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        before = ""
    return {"before_header": str(path), "after_header": str(path), "before": before, "after": content}


def main() -> None:
    options: dict[str, Any] = {
        "path": {"type": "path", "required": True},
        "content": {"type": "str", "required": True},
        "mode": {"type": "str", "default": "0644"},
        "service": {"type": "str"},
    }
    module = AnsibleModule(
        argument_spec={"files": {"type": "list", "elements": "dict", "required": True, "options": options}},
        supports_check_mode=True,
    )
    changed, diffs = [], []
    for file in module.params["files"]:
        path, content, mode = Path(file["path"]), file["content"], int(file["mode"], 8)
        if differs(path, content, mode):
            changed.append(str(path))
            diffs.append(_diff(path, content))
            if not module.check_mode:
                try:
                    write(path, content, mode)
                except OSError as error:
                    module.fail_json(msg=f"{path} cannot be written: {error.strerror}.")
    module.exit_json(changed=bool(changed), changed_paths=changed, diff=diffs)


if __name__ == "__main__":
    main()

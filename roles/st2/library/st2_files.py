#!/usr/bin/python
"""Many small files in one step. A loop over ansible.builtin.template takes seconds for what takes milliseconds here."""

from __future__ import annotations

import base64
import grp
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
      encoded:
        description: Whether that is base64, as for a text in which a template would be looked for.
        type: bool
        default: false
      mode:
        description: Its mode, in octal.
        type: str
        default: "0644"
      group:
        description: The group that it belongs to; root's own if there is none.
        type: str
      service:
        description: Whom it concerns; repeated in what is returned.
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
changed_files:
  description: Paths of the files that were written, each with the service that it concerns.
  returned: always
  type: list
  elements: dict
  sample:
    - {path: /etc/default/st2api, service: st2api}
"""


def differs(path: Path, content: str, mode: int, group: str | None = None) -> bool:
    """Whether there is no such file of root; a link is none."""
    try:
        found = path.lstat()
        return (
            not stat.S_ISREG(found.st_mode)
            or stat.S_IMODE(found.st_mode) != mode
            or (found.st_uid, found.st_gid) != (os.geteuid(), _group_id(group))
            or path.read_bytes() != content.encode()
        )
    except (FileNotFoundError, KeyError):
        return True


def write(path: Path, content: str, mode: int, group: str | None = None) -> None:
    """Put a file in the place of what is there; whoever reads meanwhile gets the one or the other."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content.encode())
            os.fchown(stream.fileno(), -1, _group_id(group))
            os.fchmod(stream.fileno(), mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


def _group_id(name: str | None) -> int:
    """Id of a group, which has to exist (`KeyError`); that of this process without a name."""
    return grp.getgrnam(name).gr_gid if name else os.getegid()


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
        "encoded": {"type": "bool", "default": False},
        "group": {"type": "str"},
        "mode": {"type": "str", "default": "0644"},
        "service": {"type": "str"},
    }
    module = AnsibleModule(
        argument_spec={"files": {"type": "list", "elements": "dict", "required": True, "options": options}},
        supports_check_mode=True,
    )
    changed, diffs = [], []
    for file in module.params["files"]:
        path, content, mode, group = Path(file["path"]), file["content"], int(file["mode"], 8), file["group"]
        if file["encoded"]:
            content = base64.b64decode(content).decode()
        if differs(path, content, mode, group):
            changed.append({"path": str(path), "service": file["service"]})
            diffs.append(_diff(path, content))
            if not module.check_mode:
                try:
                    write(path, content, mode, group)
                except OSError as error:
                    module.fail_json(msg=f"{path} cannot be written: {error.strerror}.")
    module.exit_json(changed=bool(changed), changed_files=changed, diff=diffs)


if __name__ == "__main__":
    main()

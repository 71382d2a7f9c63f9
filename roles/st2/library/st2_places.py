#!/usr/bin/python
"""Directories and links in one step: a loop over ansible.builtin.file takes seconds for what takes milliseconds."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
---
module: st2_places
short_description: Make directories and symbolic links
description:
  - Makes those that are not there, and mends owners, modes and targets. A link to a directory counts as one.
options:
  directories:
    description: The directories, each after the one that it lies in.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Where it is.
        type: path
        required: true
      owner:
        description: The user that it belongs to.
        type: str
        required: true
      group:
        description: The group that it belongs to.
        type: str
        required: true
      mode:
        description: Its mode, in octal.
        type: str
        required: true
  links:
    description: The links; their directories exist.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Where it is.
        type: path
        required: true
      target:
        description: Where it leads to, which need not exist.
        type: str
        required: true
author:
  - The st2lite authors
"""

EXAMPLES = r"""
- name: Make a folder, and link a program
  st2_places:
    directories:
      - {path: /opt/stackstorm, owner: root, group: root, mode: "0755"}
    links:
      - {path: /usr/bin/st2, target: /opt/stackstorm/st2/bin/st2}
"""

RETURN = r"""
changed_paths:
  description: Paths of what was made or mended.
  returned: always
  type: list
  elements: str
"""


def wrong_directory(path: Path, owner: str, group: str, mode: int) -> bool:
    """Whether there is no such directory. Raises `OSError` if something else is in its place."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return True
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(0, "this is no directory, move it away", str(path))
    try:
        return (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) != (mode, *_numbers(owner, group))
    except KeyError:
        return True


def make_directory(path: Path, owner: str, group: str, mode: int) -> None:
    """Make a directory or mend it; nobody can enter it before it belongs to its owner."""
    if not path.is_dir():
        path.mkdir(mode=0o700)
    os.chown(path, *_numbers(owner, group))
    path.chmod(mode)


def wrong_link(path: Path, target: str) -> bool:
    """Whether there is no such link. Raises `OSError` if something else is in its place."""
    if not os.path.lexists(path):
        return True
    if not path.is_symlink():
        raise FileExistsError(0, "this is there already and is no link, move it away", str(path))
    return str(path.readlink()) != target


def make_link(path: Path, target: str) -> None:
    """Make a link, or have it lead elsewhere in one step."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(path)


def _numbers(owner: str, group: str) -> tuple[int, int]:
    """Ids of a user and a group; raises `KeyError` for one that does not exist."""
    return pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid


def main() -> None:
    text: dict[str, Any] = {"type": "str", "required": True}
    path: dict[str, Any] = {"type": "path", "required": True}
    directory = {"path": path, "owner": text, "group": text, "mode": text}
    module = AnsibleModule(
        argument_spec={
            "directories": {"type": "list", "elements": "dict", "default": [], "options": directory},
            "links": {"type": "list", "elements": "dict", "default": [], "options": {"path": path, "target": text}},
        },
        supports_check_mode=True,
    )
    changed = []
    try:
        for row in module.params["directories"]:
            given = Path(row["path"]), row["owner"], row["group"], int(row["mode"], 8)
            if wrong_directory(*given):
                changed.append(row["path"])
                if not module.check_mode:
                    make_directory(*given)
        for row in module.params["links"]:
            if wrong_link(Path(row["path"]), row["target"]):
                changed.append(row["path"])
                if not module.check_mode:
                    make_link(Path(row["path"]), row["target"])
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}.")
    except KeyError as error:
        module.fail_json(msg=str(error.args[0]))
    module.exit_json(changed=bool(changed), changed_paths=changed)


if __name__ == "__main__":
    main()

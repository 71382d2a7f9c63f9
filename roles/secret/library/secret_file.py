#!/usr/bin/python
"""One secret in a file that root alone reads: kept, taken or made in one step."""

from __future__ import annotations

import os
import secrets
import stat
import string
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
---
module: secret_file
short_description: Keep one secret in a file of its own
description:
  - Makes the folder (mode 0700) and the one above it (0755), and the file (0600) without a newline at its end.
  - What has another owner or mode is mended. The file is replaced in one step.
options:
  path:
    description: The file.
    type: path
    required: true
  value:
    description: The secret. Empty means that what the file holds is kept, or made if it holds nothing.
    type: str
    default: ""
  length:
    description: How many letters and digits a new one has.
    type: int
    default: 32
  write:
    description: Whether to write at all. If not, it only reads.
    type: bool
    default: true
author:
  - The st2lite authors
"""

EXAMPLES = r"""
- name: Keep a secret, or make one
  secret_file:
    path: /etc/st2/secrets/mongodb
  register: __secret
  no_log: true
"""

RETURN = r"""
secret:
  description: The secret, unless it was given. In check mode it may be one that no file holds.
  returned: if I(value) is empty
  type: str
written:
  description: Whether the file did not hold the secret before.
  returned: always
  type: bool
"""

_LETTERS = string.ascii_letters + string.digits


def kept(path: Path) -> str:
    """What the file holds; nothing if there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def made(length: int) -> str:
    """A new secret."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def fits(path: Path, kind: int, mode: int) -> bool:
    """Whether there is something of that kind and mode, and ours. A link to a folder counts as one."""
    try:
        found = path.stat() if kind == stat.S_IFDIR else path.lstat()
    except FileNotFoundError:
        return False
    return found.st_mode == kind | mode and (found.st_uid, found.st_gid) == (os.geteuid(), os.getegid())


def make_folder(path: Path, mode: int) -> None:
    """Make a folder or mend it; nobody can enter it before it has its mode."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chown(path, os.geteuid(), os.getegid())
    path.chmod(mode)


def write(path: Path, secret: str) -> None:
    """Put the secret in the place of what is there; whoever reads meanwhile gets the one or the other."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as stream:
            stream.write(secret)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


def settle(path: Path, secret: str, check: bool) -> list[str]:
    """Bring folders and file to the wanted state; answers the paths of what was (or in check mode would be) changed."""
    changed = []
    for folder, mode in ((path.parent.parent, 0o755), (path.parent, 0o700)):
        if not fits(folder, stat.S_IFDIR, mode):
            changed.append(str(folder))
            if not check:
                make_folder(folder, mode)
    if not fits(path, stat.S_IFREG, 0o600) or kept(path) != secret:
        changed.append(str(path))
        if not check:
            write(path, secret)
    return changed


def main() -> None:
    """Run as a module of Ansible."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "value": {"type": "str", "default": "", "no_log": True},
            "length": {"type": "int", "default": 32},
            "write": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    path, given = Path(module.params["path"]), module.params["value"]
    try:
        before = kept(path)
        secret = given or before or (made(module.params["length"]) if module.params["write"] else "")
        changed = settle(path, secret, module.check_mode) if module.params["write"] else []
    except OSError as error:
        module.fail_json(msg=f"{error.filename or path}: {error.strerror}.")
    answer: dict[str, Any] = {} if given else {"secret": secret}
    module.exit_json(changed=bool(changed), changed_paths=changed, written=secret != before, **answer)


if __name__ == "__main__":
    main()

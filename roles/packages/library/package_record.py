#!/usr/bin/python
"""Which packages are on the host, and which of them came with a role."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
---
module: package_record
short_description: Look at the packages of the host, and record which came with an owner
description:
  - A record is a file with one package a line. While packages are installed, C(OWNER.before) beside it names those
    that were there before. It stays until the record is written, so that an installation which was interrupted is still
    known to be the owner's on the next run.
options:
  directory:
    description: The folder of the records.
    type: path
    required: true
  owner:
    description: The name of the record.
    type: str
    required: true
  command:
    description: What prints a line for each package, with its state as dpkg abbreviates it first.
    type: list
    elements: str
    required: true
  names:
    description: Packages that are about to be installed. If one is missing, those that are there are written down.
    type: list
    elements: str
    default: []
  finish:
    description: Whether the installation is complete. Writes the record.
    type: bool
    default: false
author:
  - The st2lite authors
"""

EXAMPLES = r"""
- name: Look at the packages before
  package_record:
    directory: /var/lib/st2lite/packages
    owner: nginx
    command: [dpkg-query, --show, "--showformat=${db:Status-Abbrev} ${Package}\\n"]
    names: [nginx]
  register: __packages
"""

RETURN = r"""
missing:
  description: Those of I(names) that are not installed.
  returned: always
  type: list
  elements: str
unfinished:
  description: Whether an installation was interrupted before its record was written.
  returned: always
  type: bool
present:
  description: All packages that are installed.
  returned: always
  type: list
  elements: str
left:
  description: Packages that were removed and left their configuration behind.
  returned: always
  type: list
  elements: str
brought:
  description: Packages that came with the owner, whether they are still there or not.
  returned: always
  type: list
  elements: str
"""


class Record:
    """What came with one owner."""

    def __init__(self, directory: Path, owner: str) -> None:
        self.path = directory / owner
        self.path_before = directory / f"{owner}.before"

    def brought(self, present: set[str]) -> list[str]:
        """Packages by the record, and those of an installation that has not been finished."""
        before = _lines(self.path_before)
        return sorted(set(_lines(self.path)) | (present - set(before) if before else set()))

    def begin(self, present: set[str]) -> None:
        """Write down what is there before, unless an unfinished installation has done so."""
        self.path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        if not self.path_before.exists():
            _write(self.path_before, sorted(present))

    def finish(self, brought: list[str]) -> None:
        """Write the record; what was there before is of no more interest."""
        if brought != _lines(self.path):
            _write(self.path, brought)
        self.path_before.unlink(missing_ok=True)


def parse(listing: str) -> tuple[set[str], set[str]]:
    """Packages that are installed, and those that left their configuration behind, by what the command printed."""
    states: dict[str, set[str]] = {"i": set(), "c": set()}
    for line in listing.splitlines():
        state, _, name = line.partition(" ")
        states.setdefault(state[1:2], set()).add(name.strip())
    return states["i"], states["c"]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _write(path: Path, lines: list[str]) -> None:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as stream:
        stream.write("".join(f"{line}\n" for line in lines))
    new = Path(stream.name)
    new.chmod(0o644)
    new.replace(path)


def main() -> None:
    """Run as a module of Ansible."""
    words = {"type": "list", "elements": "str"}
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "owner": {"type": "str", "required": True},
            "command": {**words, "required": True},
            "names": {**words, "default": []},
            "finish": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    record = Record(Path(module.params["directory"]), module.params["owner"])
    present, left = parse(module.run_command(module.params["command"], check_rc=True)[1])
    missing = [name for name in module.params["names"] if name not in present]
    brought, unfinished = record.brought(present), record.path_before.exists()
    changes = bool(missing) or (module.params["finish"] and brought != _lines(record.path))
    if not module.check_mode:
        try:
            if missing:
                record.begin(present)
            if module.params["finish"]:
                record.finish(brought)
        except OSError as error:
            module.fail_json(msg=f"{error.filename}: {error.strerror}.")
    module.exit_json(
        changed=changes,
        missing=missing,
        unfinished=unfinished,
        present=sorted(present),
        left=sorted(left),
        brought=brought,
    )


if __name__ == "__main__":
    main()

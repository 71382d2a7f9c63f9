#!/usr/bin/python
"""What files were like before an upgrade, and back to that if it fails."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
---
module: st2_snapshot
short_description: Keep copies of files and put them back
description:
  - Copies files and links with owner and mode into a folder, and notes which patterns they were looked for by.
  - Putting them back also removes what the patterns have come to fit since.
options:
  folder:
    description: Where the copies are. What has been taken is whole or not there at all; it is never taken anew.
    type: path
    required: true
  patterns:
    description: Absolute paths of files, with wildcards. Folders are not followed. Only needed to take a snapshot.
    type: list
    elements: str
    default: []
  state:
    description: Whether to take the snapshot or to put it back. Putting back what was never taken changes nothing.
    type: str
    choices: [taken, restored]
    required: true
author:
  - The st2lite authors
"""

EXAMPLES = r"""
- name: Keep the units
  st2_snapshot:
    folder: /var/lib/st2lite/upgrade/settings
    patterns: [/lib/systemd/system/st2*]
    state: taken
"""

RETURN = r"""
changed_paths:
  description: Paths of the files that were put back, and of those that were removed.
  returned: always
  type: list
  elements: str
removed_paths:
  description: Those of them that were removed.
  returned: always
  type: list
  elements: str
"""

_LIST = "list.json"


def take(folder: Path, patterns: list[str]) -> bool:
    """Copy what the patterns fit, unless that was done; tell whether it was done now."""
    if (folder / _LIST).exists():
        return False
    draft = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    files = {str(path): _kind_of(path) for path in _found(patterns)}
    for number, (name, kind) in enumerate(files.items()):
        if "link" not in kind:
            kind["copy"] = str(number)
            _copy(Path(name), draft / str(number), 0o600)
    with (draft / _LIST).open("w") as stream:
        json.dump({"patterns": patterns, "files": files}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    return True


def restore(folder: Path, dry: bool) -> tuple[list[str], list[str]]:
    """Put back what differs and remove what is new, or only look; return the paths of both."""
    if not (folder / _LIST).exists():
        return [], []
    kept = json.loads((folder / _LIST).read_text())
    back, gone = [], []
    for name, kind in kept["files"].items():
        path = Path(name)
        copy = folder / kind["copy"] if "copy" in kind else None
        if _differs(path, kind, copy):
            back.append(name)
            if not dry:
                _put(path, kind, copy)
    for path in _found(kept["patterns"]):
        if str(path) not in kept["files"]:
            gone.append(str(path))
            if not dry:
                path.unlink()
    return back, gone


def _found(patterns: list[str]) -> list[Path]:
    paths = {path for pattern in patterns for path in Path("/").glob(pattern.lstrip("/"))}
    return sorted(path for path in paths if path.is_symlink() or path.is_file())


def _kind_of(path: Path) -> dict[str, Any]:
    """A link's target, or a file's owner and mode."""
    if path.is_symlink():
        return {"link": str(path.readlink())}
    found = path.stat()
    return {"owner": [found.st_uid, found.st_gid], "mode": stat.S_IMODE(found.st_mode)}


def _differs(path: Path, kind: dict[str, Any], copy: Path | None) -> bool:
    if not path.is_symlink() and not path.is_file():
        return True
    if _kind_of(path) != {name: value for name, value in kind.items() if name != "copy"}:
        return True
    return copy is not None and path.read_bytes() != copy.read_bytes()


def _put(path: Path, kind: dict[str, Any], copy: Path | None) -> None:
    """Replace it in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.restored")
    draft.unlink(missing_ok=True)
    if copy is None:
        draft.symlink_to(kind["link"])
    else:
        _copy(copy, draft, 0o600)
        os.chown(draft, *kind["owner"])
        draft.chmod(kind["mode"])
    draft.replace(path)


def _copy(source: Path, target: Path, mode: int) -> None:
    """Secrets may be in it: it is never open to others, not even for a moment."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(source.read_bytes())
        stream.flush()
        os.fsync(stream.fileno())


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "patterns": {"type": "list", "elements": "str", "default": []},
            "state": {"type": "str", "choices": ["taken", "restored"], "required": True},
        },
        supports_check_mode=True,
    )
    folder = Path(module.params["folder"])
    try:
        if module.params["state"] == "taken":
            taken = False if module.check_mode else take(folder, module.params["patterns"])
            module.exit_json(changed=taken, changed_paths=[], removed_paths=[])
        back, gone = restore(folder, module.check_mode)
    except OSError as error:
        module.fail_json(msg=f"{error.filename or folder}: {error.strerror}.")
    module.exit_json(changed=bool(back + gone), changed_paths=back + gone, removed_paths=gone)


if __name__ == "__main__":
    main()

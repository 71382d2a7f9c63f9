"""Writes what has to outlive an upgrade, as users do, and leaves in written.json what the checks need to find it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

FOLDER = Path("/srv/upgrade")
PACK = {
    "pack.yaml": "{ref: kept, name: kept, description: Kept., version: 1.0.0, author: us, email: us@example.org}",
    "requirements.txt": "six",
    "actions/six.yaml": "{name: six, runner_type: python-script, entry_point: six_version.py}",
    "actions/six_version.py": (
        "import six\nfrom st2common.runners.base_action import Action\n\n\n"
        "class SixVersion(Action):\n    def run(self):\n        return six.__version__\n"
    ),
    "policies/few.yaml": (
        "{name: few, enabled: true, resource_ref: kept.six, policy_type: action.concurrency,"
        " parameters: {threshold: 3}}"
    ),
    "rules/hook.yaml": (
        "{name: hook, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: kept}},"
        " action: {ref: core.local, parameters: {cmd: 'echo {{ trigger.body.text }}'}}}"
    ),
}


def st2(*words: str) -> Any:
    return json.loads(subprocess.run(["st2", *words, "--json"], check=True, stdout=subprocess.PIPE).stdout)


def main() -> None:
    st2("key", "set", "kept", "plain")
    st2("key", "set", "kept_secret", "hidden", "--encrypt")
    pack = FOLDER / "kept"
    for name, text in PACK.items():
        (pack / name).parent.mkdir(parents=True, exist_ok=True)
        (pack / name).write_text(text + "\n")
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=us", "-c", "user.email=us@x", "commit", "-qm", "1"],
    ):
        subprocess.run(["git", "-C", str(pack), *command], check=True)
    st2("pack", "install", f"file://{pack}")
    secrets = [*Path("/etc/st2/secrets").iterdir(), Path("/etc/st2/htpasswd"), *Path("/etc/st2/keys").iterdir()]
    written = {
        "execution": st2("run", "core.local", "cmd=echo before")["id"],
        "six": st2("run", "kept.six")["result"]["result"],
        "api_key": st2("apikey", "create", "-m", '{"used_by": "tests"}')["key"],
        "secrets": {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in secrets},
        "version": subprocess.run(["st2", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout,
    }
    file = FOLDER / "written.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(written))


if __name__ == "__main__":
    main()

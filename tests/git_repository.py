"""Git repositories with packs in them, made for a test."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_IDENTITY = {
    "GIT_AUTHOR_NAME": "A. Tester",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A. Tester",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}


class GitRepository:
    """A repository in `directory`, with the branch `main`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    @property
    def url(self) -> str:
        return f"file://{self.directory}"

    def git(self, *words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(self.directory), *words],
            env={**os.environ, **_IDENTITY}, check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip

    def commit(self, message: str = "change", tag: str | None = None) -> str:
        """Commit all that was changed, and perhaps tag it; return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        if tag:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")


def write_pack(directory: Path, version: str = "1.0.0", **manifest: str) -> Path:
    """Write a pack with one action, named like its directory; values of the manifest are YAML."""
    (directory / "actions").mkdir(parents=True, exist_ok=True)
    fields = {"name": directory.name, "description": "A pack.", "author": "A. Tester", "version": version, **manifest}
    (directory / "pack.yaml").write_text("".join(f"{key}: {value}\n" for key, value in fields.items()))
    (directory / "actions" / "tell.yaml").write_text(
        "name: tell\nrunner_type: python-script\nentry_point: tell.py\ndescription: Tells the version.\n"
    )
    (directory / "actions" / "tell.py").write_text(
        "from st2common.runners.base_action import Action\n\n\n"
        f"class Tell(Action):\n    def run(self):\n        return {version!r}\n"
    )
    return directory


def pack_repository(directory: Path, *versions: str) -> GitRepository:
    """A repository of a pack named like its directory, with a tag for each version; the last is the newest."""
    repository = GitRepository(directory)
    for version in versions:
        write_pack(directory, version)
        repository.commit(f"Release {version}", f"v{version}")
    return repository

"""Packs from git repositories."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from st2lite.content.installation.programs import Say, hide_credentials, run_program
from st2lite.models.errors import ContentError

_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
}


def clone(url: str, target: Path, ref: str | None, say: Say) -> None:
    """Clone a repository with its history and check out `ref`: branch, commit, tag, or version (tag `v<version>`).

    Raises `ContentError` when the repository cannot be had, or lacks the ref: then it lists the versions there are.
    """
    clean, environment = _without_credentials(url)
    say(f"Cloning {hide_credentials(clean)}.")
    command: list[str | Path] = ["git", "clone", "--quiet", "--no-checkout", "--", clean, target]
    run_program(command, f"clone {clean}", env={**_ENVIRONMENT, **environment})
    _git(target, "checkout", "--quiet", *_wanted(target, ref, clean))


def is_repository(directory: Path) -> bool:
    """Tell whether a directory is a git repository, with or without a work tree."""
    return (directory / ".git").exists() or ((directory / "HEAD").is_file() and (directory / "objects").is_dir())


def versions(directory: Path) -> list[str]:
    """The versions that tags of a repository name, oldest first."""
    tags = _git(directory, "tag", "--list", "--sort=version:refname", "v*").split()
    return [tag.removeprefix("v") for tag in tags]


def state(directory: Path) -> str:
    """What `git status` says of a pack in a few lines."""
    return _git(directory, "status", "--short", "--branch").strip()


def _wanted(directory: Path, ref: str | None, url: str) -> list[str]:
    """What to check out: a branch stays one, so that an operator can pull."""
    if ref is None:
        if not _commit(directory, "HEAD"):
            raise ContentError(f"{url}: the repository has no commit on its default branch.")
        return ["HEAD", "--"] if _is_detached(directory) else [_git(directory, "branch", "--show-current").strip()]
    if _commit(directory, f"refs/remotes/origin/{ref}"):
        return [ref, "--"]
    for name in (ref, f"v{ref}"):
        commit = _commit(directory, name)
        if commit:
            return ["--detach", commit]
    known = ", ".join(versions(directory)) or "none (no tags v<version>)"
    raise ContentError(
        f'"{ref}" is not a valid version, hash, tag or branch of {url}. Available versions are: {known}.'
    )


def _is_detached(directory: Path) -> bool:
    return not _git(directory, "branch", "--show-current").strip()


def _commit(directory: Path, name: str) -> str | None:
    try:
        return _git(directory, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()
    except ContentError:
        return None


def _git(directory: Path, *arguments: str) -> str:
    return run_program(["git", "-C", directory, *arguments], f"read {directory} with git", env=_ENVIRONMENT)


def _without_credentials(url: str) -> tuple[str, dict[str, str]]:
    """The URL without password, and variables that hand it to git: neither process list nor .git/config hold it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or "@" not in parts.netloc:
        return url, {}
    user, _, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    secret = base64.b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()
    environment = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{parts.scheme}://{host}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {secret}",
    }
    return urlunsplit(parts._replace(netloc=host)), environment

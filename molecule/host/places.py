"""Where test hosts and their caches live, and how several runs keep out of each other's way."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOSTS = Path(os.environ.get("ST2LITE_HOSTS") or "/var/lib/st2lite-hosts")
"""One folder per host: root file system, key, ssh configuration, console log."""

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "st2lite" / "hosts"
"""Base images, Debian packages and pip's cache. May be deleted at any time when no host is being made."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


class HostError(Exception):
    """A host cannot be made or used; the text says why and what to do."""


def host_folder(name: str) -> Path:
    """Folder of the host `name`, which need not exist."""
    if not _NAME.fullmatch(name):
        raise HostError(f"{name!r} is no host name: small letters, digits and '-', at most 31, a letter first")
    return HOSTS / name


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file `path`, which is made if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(*command: str | Path, log: Path | None = None, stdin: str = "") -> str:
    """Run a program to its end and return what it printed; `log` takes the output instead.

    Raises `HostError` with the end of the output if it fails.
    """
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if log is not None:
        log.write_text(done.stdout)
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise HostError(f"{' '.join(arguments)} failed with {done.returncode}:\n{tail}")
    return done.stdout

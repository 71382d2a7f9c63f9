"""Programs that packs are installed with: git, python and pip, run without a shell and followed line by line."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from st2lite.models.errors import ContentError

Say = Callable[[str], None]
"""Tells whoever is watching, a line at a time, how it goes."""

_LAST_LINES = 15
_UNWANTED = re.compile(r"GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX)|PYTHON(PATH|HOME)|VIRTUAL_ENV|__PYVENV.*")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def run_program(
    arguments: Sequence[str | Path],
    purpose: str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    say: Say | None = None,
) -> str:
    """Run a program to its end and return what it printed; with `say`, each line of output and errors goes there too.

    `purpose` ("clone the repository") begins the text of the `ContentError` that is raised when the program fails; the
    last lines it wrote end it.
    """
    try:
        process = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if say else subprocess.PIPE,
            text=True,
            errors="replace",
            env={**_environment(), **(env or {})},
            cwd=cwd,
        )
    except OSError as error:
        raise ContentError(f"Cannot {purpose}: {arguments[0]} cannot be started ({error.strerror}).") from None
    with process:
        if say:
            output, errors = _follow(process, say), ""
        else:
            output, errors = process.communicate()
    if process.returncode:
        told = [line.rstrip() for line in (errors or output).splitlines() if line.strip()]
        raise ContentError(hide_credentials("\n".join([f"Cannot {purpose}:", *told[-_LAST_LINES:]])))
    return output


def _follow(process: subprocess.Popen[str], say: Say) -> str:
    lines = []
    for line in process.stdout or ():
        lines.append(line)
        say(hide_credentials(line.rstrip()))
    return "".join(lines)


def hide_credentials(text: str) -> str:
    """A text in which URLs have lost user and password."""
    return _CREDENTIALS.sub("", text)


def _environment() -> dict[str, str]:
    """The environment of this process, proxies and all, without what would lead git or python to other places."""
    kept = {name: value for name, value in os.environ.items() if not _UNWANTED.fullmatch(name)}
    bundle = proxy_certificates()
    own = dict.fromkeys(("PIP_CERT", "GIT_SSL_CAINFO"), bundle) if bundle else {}
    return {**own, **kept, "LC_ALL": "C.UTF-8"}


def proxy_certificates() -> str | None:
    """File of certificate authorities of a proxy, in the variable that StackStorm has for it."""
    return os.environ.get("proxy_ca_bundle_path")  # noqa: SIM112 - its name

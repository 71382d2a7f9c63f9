"""Users and passwords in options of pip: they go to it in a file that nobody else may read.

Everybody on a host may read the words of a command. pip looks for users and passwords by host in a netrc file, and so
does the pip that it starts itself to build a package.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from st2lite.models.errors import InvalidInput

_USER_AT_HOST = re.compile(r"(?<=://)([^/@\s]+)@([^/:\s]+)")
_HARMLESS = re.compile(r"""[^\s"\\]+""")


@contextmanager
def outside_argv(options: Sequence[str], directory: Path) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Give options without credentials, and the variables with which pip finds those, from a file in `directory`.

    Raise `InvalidInput` for what such a file cannot say: two users of one host, or the user of a proxy.
    """
    users: dict[str, tuple[str, str]] = {}
    words = [_without_user(word, before, users) for before, word in zip(("", *options), options, strict=False)]
    if not users:
        yield words, {}
        return
    with tempfile.NamedTemporaryFile("w", prefix=".netrc.", dir=directory, encoding="utf-8") as file:  # mode 0600
        for host, (user, password) in users.items():
            file.write(f"machine {host} login {_quoted(user)} password {_quoted(password)}\n")
        file.write(_netrc_of_service())
        file.flush()
        yield words, {"NETRC": file.name}


def _without_user(word: str, before: str, users: dict[str, tuple[str, str]]) -> str:
    """A word of the options without user and password, which are added to `users` by host."""

    def keep(found: re.Match[str]) -> str:
        if "--proxy" in (before, word.partition("=")[0]):
            raise InvalidInput(
                "pip_opts: the user of a proxy would stand in the list of processes; set https_proxy in the "
                "environment of the services."
            )
        user, _, password = found[1].partition(":")
        host = found[2].lower()
        given = unquote(user), unquote(password)
        if users.setdefault(host, given) != given:
            raise InvalidInput(
                f"pip_opts: two users of {host} are given; leave them out here, and write these URLs into pip's own "
                "configuration (pip.conf)."
            )
        return host

    return _USER_AT_HOST.sub(keep, word)


def _quoted(text: str) -> str:
    if _HARMLESS.fullmatch(text):
        return text
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return f'"{escaped}"'


def _netrc_of_service() -> str:
    """The file that pip would have used otherwise."""
    try:
        return Path(os.environ.get("NETRC", "~/.netrc")).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError, RuntimeError):  # there is none, or it is not for us
        return ""

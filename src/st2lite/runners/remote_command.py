"""The text of a remote command: what the host is asked to execute, and what is fed to it.

The command line that other users of the host can see in its list of processes is always the same short one: it
evaluates what arrives on its standard input. So neither the token in the environment nor the password for sudo shows up
there, and no limit on the length of a command line applies.
"""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from st2lite.models.errors import InvalidInput

_SHELL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOME = re.compile(r"(~[A-Za-z0-9_.-]*)(/.*)?", re.DOTALL)


@dataclass(frozen=True)
class RemoteCommand:
    """A shell command with its surroundings; `sudo` runs all of it as root.

    `mark` is text that the host prints, followed by the id of its process group and a line end, before anything else.
    """

    command: str
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    sudo: bool = False
    sudo_password: str | None = field(default=None, repr=False)
    mark: str = field(default_factory=lambda: f"<{secrets.token_hex(8)}:")

    @property
    def line(self) -> str:
        """The command line for the SSH server."""
        return f"printf '%s\\n' '{self.mark}'$$; eval \"$(cat)\""

    @property
    def text(self) -> str:
        """What goes to the standard input of `line`; then the input ends, so the command itself finds it empty."""
        inner = self._inner()
        if not self.sudo:
            return inner
        # Sudo takes the first line as the password if it needs one; the loop drops whatever sudo left up to the mark.
        lines = [self.mark, inner] if self.sudo_password is None else [self.sudo_password, self.mark, inner]
        reader = f'while IFS= read -r line; do [ "$line" = {shlex.quote(self.mark)} ] && break; done; eval "$(cat)"'
        ask = "" if self.sudo_password is None else " -S -p ''"
        return f"printf '%s\\n' {shlex.join(lines)} | sudo{ask} -E -- bash -c {shlex.quote(reader)}\n"

    def kill(self, group: int) -> RemoteCommand:
        """Give the command that ends process group `group`: politely first, by force a second later."""
        text = f"kill -s TERM -- -{group}; sleep 1; kill -s KILL -- -{group}"
        return RemoteCommand(f"{{ {text}; }} 2>/dev/null", sudo=self.sudo, sudo_password=self.sudo_password)

    def remove(self, directory: str) -> RemoteCommand:
        """Give the command that removes `directory`, as the user who may have left files in it."""
        return RemoteCommand(f"rm -rf -- {shlex.quote(directory)}", sudo=self.sudo, sudo_password=self.sudo_password)

    def _inner(self) -> str:
        lines = []
        if self.env:
            pairs = (f"{name}={shlex.quote(value)}" for name, value in self.env.items())
            lines.append(f"export {' '.join(pairs)}")
        if self.cwd:
            lines.append(f"cd -- {quote_directory(self.cwd)} || exit 1")
        lines.append(self.command)
        return "\n".join(lines) + "\n"


def quote_directory(path: str) -> str:
    """Quote a path for a shell but let a leading `~` or `~user` mean the home directory."""
    match = _HOME.fullmatch(path)
    if match is None:
        return shlex.quote(path)
    home, rest = match.groups()
    if not rest:
        return home
    return f"{home}/{shlex.quote(rest[1:])}" if rest[1:] else f"{home}/"


def shell_variables(variables: Mapping[str, str]) -> Mapping[str, str]:
    """Check that a shell can export every one of `variables`; raise `InvalidInput` naming the one that it cannot."""
    for name in variables:
        if not _SHELL_NAME.fullmatch(name):
            raise InvalidInput(
                f'Parameter "env": {name!r} cannot be set in a shell; use letters, digits and "_", no digit first.'
            )
    return variables

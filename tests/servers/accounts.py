"""A system user that exists for the length of a test run, for what only a real login or a real sudo can prove."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path
from types import TracebackType

from tests.servers import require


class ThrowAwayUser:
    """Needs root. Has a home directory, bash and a password, and may use sudo with that password."""

    def __init__(self) -> None:
        self.name = f"st2t{secrets.token_hex(4)}"
        self.password = f"päss '{secrets.token_urlsafe(9)}$"
        self._sudoers = Path("/etc/sudoers.d", self.name)

    def __enter__(self) -> ThrowAwayUser:
        require(os.geteuid() == 0 and shutil.which("useradd"), "root with useradd, to make a user for the test")
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", self.name], check=True)
        try:
            subprocess.run(["chpasswd"], input=f"{self.name}:{self.password}\n", text=True, check=True)
            if self._sudoers.parent.is_dir():
                rules = f"Defaults:{self.name} !lecture, passwd_tries=1\n{self.name} ALL=(ALL) SETENV: ALL\n"
                self._sudoers.touch(mode=0o440)
                self._sudoers.write_text(rules)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _remove(self) -> None:
        self._sudoers.unlink(missing_ok=True)
        subprocess.run(["userdel", "--force", "--remove", self.name], check=True, capture_output=True)

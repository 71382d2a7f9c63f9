"""Copies a script and the `lib` folder beside it to a host over SFTP."""

from __future__ import annotations

import math
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from st2lite.models.errors import InvalidInput
from st2lite.runners.ssh import SshError
from st2lite.runners.stop_signal import StopSignal

if TYPE_CHECKING:
    import paramiko

SCRIPT_MODE = 0o744
_DIRECTORY_MODE = 0o700
_SKIPPED = frozenset({"__pycache__", ".git"})


class NothingCopied(SshError):
    """Not even the directory could be made: there is nothing to clean up, and what may be there is not ours."""


def upload_script(client: paramiko.SSHClient, script: Path, directory: str, timeout: float, stop: StopSignal) -> str:
    """Create `directory`, put `script` and its `lib` folder there, and return the script's path on the host.

    The directory must not exist yet and is open to its owner only. Raises `NothingCopied` or another `SshError` for
    what goes wrong on the host, and `InvalidInput` when a local file cannot be read.
    """
    import paramiko

    try:
        sftp = client.open_sftp()
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise NothingCopied(f"The host offers no SFTP, which copying a script needs: {error}") from error
    channel = sftp.get_channel()
    if channel is not None:
        channel.settimeout(None if math.isinf(timeout) else timeout)
    with sftp, stop.guard(sftp.close):
        try:
            sftp.mkdir(directory, _DIRECTORY_MODE)
        except (paramiko.SSHException, OSError, EOFError) as error:
            reason = error or type(error).__name__
            raise NothingCopied(f"The directory {directory} could not be made: {reason}") from error
        try:
            return _copy(sftp, script, directory)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise SshError(f"The script could not be copied to {directory}: {error or type(error).__name__}") from error


def _copy(sftp: paramiko.SFTPClient, script: Path, directory: str) -> str:
    target = f"{directory}/{script.name}"
    _put(sftp, script, target, SCRIPT_MODE)
    library = script.parent / "lib"
    if library.is_dir():
        _copy_tree(sftp, library, f"{directory}/lib")
    return target


def _copy_tree(sftp: paramiko.SFTPClient, source: Path, target: str) -> None:
    for folder, subfolders, names in os.walk(source):
        subfolders[:] = sorted(name for name in subfolders if name not in _SKIPPED)
        relative = Path(folder).relative_to(source).as_posix()
        remote = target if relative == "." else f"{target}/{relative}"
        sftp.mkdir(remote, _DIRECTORY_MODE)
        for name in sorted(names):
            path = Path(folder, name)
            executable = path.exists() and path.stat().st_mode & stat.S_IXUSR
            _put(sftp, path, f"{remote}/{name}", SCRIPT_MODE if executable else None)


def _put(sftp: paramiko.SFTPClient, source: Path, target: str, mode: int | None) -> None:
    try:
        content = source.read_bytes()
    except OSError as error:
        raise InvalidInput(f"The file {source} of the pack cannot be read: {error.strerror}.") from error
    with sftp.open(target, "wb") as file:
        file.set_pipelined(True)
        file.write(content)
    if mode is not None:
        sftp.chmod(target, mode)

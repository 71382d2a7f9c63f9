"""PowerShell of any length on a Windows host: what a command line cannot hold goes there as a temporary file."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from st2lite.runners import powershell
from st2lite.runners.output_text import OutputText, ignore_output
from st2lite.runners.winrm_shell import WinRmError, WinRmShell

MAX_COMMAND_LENGTH = 8191
"""Most characters that the Windows command prompt takes as one line."""

_PIECE = 7500
_CLEANUP_SECONDS = 10
_CARRIER = (
    "$path = Join-Path $env:TEMP '{name}'; "
    "$text = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String([IO.File]::ReadAllText($path))); "
    "Remove-Item -LiteralPath $path; "
    ". ([ScriptBlock]::Create($text))"
)


@contextmanager
def script_command(shell: WinRmShell, script: str) -> Iterator[str]:
    """Give the command line that runs `script` in `shell`; raises `WinRmError` when it cannot be copied.

    The file is Base64 text in the user's directory for temporary files. It removes itself before the script starts, so
    that neither secrets nor litter stay behind; the end of the block removes what never started.
    """
    line = powershell.command_line(script)
    if len(line) <= MAX_COMMAND_LENGTH:
        yield line
        return
    name = f"st2-{secrets.token_hex(12)}.b64"
    content = base64.b64encode(script.encode()).decode("ascii")
    started = False
    try:
        for start in range(0, len(content), _PIECE):
            _run(shell, f'>>"%TEMP%\\{name}" echo {content[start : start + _PIECE]}')
        yield powershell.command_line(_CARRIER.format(name=name))
        started = True
    finally:
        if not started and not shell.terminated:
            shell.deadline = max(shell.deadline, time.monotonic() + _CLEANUP_SECONDS)
            with suppress(WinRmError):
                _run(shell, f'del /q "%TEMP%\\{name}"')


def _run(shell: WinRmShell, command: str) -> None:
    output = {name: OutputText(name, ignore_output) for name in ("stdout", "stderr")}
    code = shell.run(command, output)
    if code:
        reason = "".join(stream.text for stream in output.values()).strip()
        raise WinRmError(f"The script could not be copied to the host (exit code {code}): {reason}")

"""The text that a remote host is asked to execute, run here by the shells that may run it there."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from st2lite.models.errors import InvalidInput
from st2lite.runners.remote_command import RemoteCommand, quote_directory, shell_variables

HOSTILE = 'it\'s; $(touch /tmp/owned) `id` "x" \\ \n* é'


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_nothing_in_the_surroundings_is_taken_for_shell_text(shell: str) -> None:
    assert shutil.which(shell)
    command = RemoteCommand('printf "%s" "$VALUE"; exit 5', cwd="/", env={"VALUE": HOSTILE})
    done = subprocess.run([shell, "-c", command.line], input=command.text, capture_output=True, text=True)
    first, _, rest = done.stdout.partition("\n")
    assert first.startswith(command.mark)
    assert int(first.removeprefix(command.mark)) > 0
    assert (rest, done.returncode) == (HOSTILE, 5)


def test_secrets_are_not_in_what_gets_logged() -> None:
    command = RemoteCommand("true", sudo=True, sudo_password="hunter2")
    assert "hunter2" not in repr(command)
    assert "hunter2" not in command.line


@pytest.mark.parametrize(
    ("path", "quoted"),
    [("/a b", "'/a b'"), ("~", "~"), ("~/", "~/"), ("~joe/a b", "~joe/'a b'"), ("~$(x)/a", "'~$(x)/a'"), ("-x", "-x")],
)
def test_only_a_leading_tilde_stays_unquoted(path: str, quoted: str) -> None:
    assert quote_directory(path) == quoted


@pytest.mark.parametrize("name", ["A-B", "1A", "A B", "A;x", ""])
def test_names_that_no_shell_can_export(name: str) -> None:
    with pytest.raises(InvalidInput, match="env"):
        shell_variables({name: "x"})

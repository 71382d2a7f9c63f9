"""Completion: the words offered, and the scripts in a real shell."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers.api import FakeApi
from tests.unit.st2client.conftest import Cli


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["exec"], ["execution"]),
        (["--ur"], ["--url"]),
        (["execution", "re"], ["resume", "re-run"]),
        (["key", "delete"], ["delete", "delete_by_prefix"]),
        (["api-key", "cr"], ["create"]),
        (["key", "list", "--pre"], ["--prefix"]),
        (["run", "core.l"], ["core.local"]),
        (["action", "get", ""], ["core.local"]),
        (["run", "core.local", "cm"], ["cmd="]),
        (["nonsense", "x"], []),
    ],
)
def test_words(api: FakeApi, cli: Cli, line: list[str], words: list[str]) -> None:
    api.answers["GET", "/actions/views/parameters/core.local"] = 200, {"parameters": {"cmd": {}, "cwd": {}}}
    outcome = cli("completion", "words", *line)
    assert (outcome.code, outcome.out.split()) == (0, words)


def test_no_server_no_words(home: Path, cli: Cli) -> None:
    outcome = cli("--api-url", "http://127.0.0.1:1", "completion", "words", "run", "c")
    assert (outcome.code, outcome.out) == (0, "")


def test_unknown_shell(cli: Cli) -> None:
    assert cli("completion", "fish").code == 2


def test_bash_completes(tmp_path: Path, cli: Cli) -> None:
    bash = shutil.which("bash")
    assert bash
    script = tmp_path / "completion.bash"
    script.write_text(cli("completion", "bash").out)
    probe = (
        f"source {script}; st2() {{ printf 'asked\\n'; }}; "
        'try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _st2; echo "${COMPREPLY[@]}"; }; '
        "try st2 execu; try st2 key delete; try st2 run a; complete -p st2"
    )
    done = subprocess.run([bash, "--norc", "-c", probe], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.split("\n")[:4] == [
        "execution",
        "delete delete_by_prefix",
        "asked",
        "complete -o default -F _st2 st2",
    ]


def test_zsh_accepts_the_script(tmp_path: Path, cli: Cli) -> None:
    text = cli("completion", "zsh").out
    assert text.startswith("#compdef st2\n")
    assert "execution) words_of_group='cancel get list pause re-run resume tail' ;;" in text
    zsh = shutil.which("zsh")
    if zsh:
        done = subprocess.run([zsh, "-n", "/dev/stdin"], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

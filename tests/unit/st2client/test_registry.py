"""The table of commands is complete, and help comes from it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from st2client import registry
from tests.unit.st2client.conftest import Cli

ALL = [(name, "") for name in registry.SINGLES] + [
    (group, name) for group, entry in registry.GROUPS.items() for name in entry.commands
]


@pytest.mark.parametrize("group", registry.GROUPS)
def test_groups_name_the_commands_of_their_modules(group: str) -> None:
    module = import_module(f"st2client.commands.{group.replace('-', '_')}")
    assert set(module.COMMANDS) == set(registry.GROUPS[group].commands)


@pytest.mark.parametrize(("group", "name"), ALL)
def test_every_command_has_help(cli: Cli, group: str, name: str) -> None:
    outcome = cli(group, *name.split(), "--help")
    assert outcome.code == 0
    assert outcome.err == ""
    assert outcome.out.startswith(f"usage: st2 {f'{group} {name}'.strip()} ")
    help_line = registry.GROUPS[group].commands[name] if name else registry.SINGLES[group].help
    assert help_line in outcome.out


def test_overview_names_every_command(cli: Cli) -> None:
    outcome = cli("--help")
    assert outcome.code == 0
    assert all(f"  {name} " in outcome.out for name in registry.names())
    assert "Examples:" in outcome.out


def test_no_arguments_print_the_help_and_fail(cli: Cli) -> None:
    outcome = cli()
    assert (outcome.code, outcome.out) == (2, "")
    assert "usage: st2" in outcome.err


def test_help_of_a_group(cli: Cli) -> None:
    assert cli("key", "--help").code == 0
    assert "delete_by_prefix" in cli("help", "key").out
    assert cli("key").code == 2


@pytest.mark.parametrize(
    ("words", "meant"),
    [(("acton", "list"), "st2 action"), (("exectuion",), "st2 execution"), (("key", "lsit"), "st2 key list")],
)
def test_unknown_commands_suggest_the_nearest(cli: Cli, words: tuple[str, ...], meant: str) -> None:
    outcome = cli(*words)
    assert outcome.code == 2
    assert f"Did you mean: {meant}\n" in outcome.err


def test_global_options_after_the_command_say_where_they_belong(cli: Cli) -> None:
    outcome = cli("action", "list", "--url", "http://host")
    assert outcome.code == 2
    assert "--url goes before the command" in outcome.err


def test_version(cli: Cli) -> None:
    version = ".".join(str(part) for part in sys.version_info[:3])
    assert cli("--version").out == f"st2 0.1.0, on Python {version}\n"
    assert cli("--debug", "--version").out == f"st2 0.1.0, on Python {version}\n"


def test_starting_loads_next_to_nothing(tmp_path: Path) -> None:
    """What is not loaded costs no time: the version needs nothing, a command only its own modules."""
    program = "import sys, st2client.shell as s; s.main(sys.argv[1:]); print(*sorted(sys.modules), file=sys.stderr)"

    def modules(*words: str) -> set[str]:
        done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
        return set(done.stderr.split())

    version = modules("--version")
    assert not version & {"argparse", "http.client", "json", "yaml", "ssl"}
    listing = modules("--url", f"http://127.0.0.1:1/{tmp_path.name}", "key", "list")
    assert "st2client.commands.key" in listing
    assert not listing & {"yaml", "requests", "pathlib", "asyncio", "st2client.commands.run"}
    assert not any(name == "st2lite" or name.startswith("st2lite.") for name in listing)

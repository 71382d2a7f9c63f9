"""`st2lite system-packs`: brings the system packs of a host in line with the version that is installed."""

from __future__ import annotations

import argparse
from pathlib import Path

from st2lite.commands.daemon import CONFIG_HELP
from st2lite.config.load import config_path, load
from st2lite.models.errors import InvalidInput

_EPILOG = """\
Run it after an upgrade, then register: st2-register-content --register-all. The pack "default" keeps what users made.

example:
  st2lite system-packs --config-file /etc/st2/st2.conf
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `system-packs` to the commands of st2lite."""
    help_text = "bring the system packs on disk in line with this version"
    command = commands.add_parser(
        "system-packs", help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("--config-file", metavar="FILE", help=CONFIG_HELP)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from st2lite.content.installation.system_packs import place_system_packs

    content = load(config_path(options.config_file)).content
    if not content.system_packs_base_path:
        raise InvalidInput(
            "[content] system_packs_base_path is empty, so the packs that ship with st2lite are used where they are: "
            "there is nothing to bring in line."
        )
    changed = place_system_packs(Path(content.system_packs_base_path), content.pack_group)
    for name in changed:
        print(f"Placed {name} in {content.system_packs_base_path}.")
    if not changed:
        print("All system packs are those of this version.")
    return 0

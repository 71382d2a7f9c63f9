"""``st2 pack``: sets of actions, rules, sensors and aliases."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from st2client.commands.base import Command, Parser, Session, add_attributes, add_widths
from st2client.commands.generic import Get, Kind, List, show_outcome
from st2client.commands.pack_change import Install, Remove
from st2client.errors import NotFoundError, OperationFailed, UsageError
from st2client.models.config import Config

PACK = Kind("Pack", "ref")


class Show(Command):
    """Shows a pack of the index."""

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("pack", help="name of the pack")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        wanted = argparse.Namespace(pack=args.pack)
        found = session.manager("Pack").search(wanted)
        if isinstance(found, list):  # what servers answer when there is none
            found = found[0] if found else None
        if not found:
            session.printer.line("No matching items found")
            session.printer.remark(f"Search the index for it: st2 pack search {args.pack}")
            return None
        session.printer.item(found, ["all"])
        return None


class Search(Command):
    """Searches the index."""

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("query", help="what to look for, in names, keywords and descriptions")
        add_attributes(parser, ("name", "description", "version", "author"))
        add_widths(parser)

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        found = session.manager("Pack").search(argparse.Namespace(query=args.query))
        session.printer.items(found or [], args.attr, args.width)
        return None


class Register(Command):
    """Reads packs from the server's disk again."""

    examples = (
        ("st2 pack register", "everything"),
        ("st2 pack register mypack --types actions rules", "some kinds of content of one pack"),
    )

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("packs", nargs="*", metavar="pack", help="packs to read (default: all)")
        parser.add_argument("--types", nargs="+", metavar="TYPE", help="actions, rules, sensors … (default: all)")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        show_outcome(session, lambda: session.manager("Pack").register(args.packs, args.types))
        return None


class Configure(Command):
    """Asks for the configuration of a pack and stores it."""

    description = "Asks for each value that the pack's config.schema.yaml describes."

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("name", help="pack")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        from st2client.forms import ask

        schema = session.manager("ConfigSchema").get_by_ref_or_id(args.name)
        if not schema:
            raise NotFoundError(f"Pack \"{args.name}\" doesn't exist or doesn't have a config schema defined.")
        values = ask(schema.attributes)
        if _yes("Do you want to preview the config in an editor before saving? Secrets will be shown."):
            values = _edited(values)
        if not _yes("Do you want me to save it?"):
            raise OperationFailed("Interrupted; nothing was saved.")
        show_outcome(session, lambda: session.manager("Config").update(Config(pack=args.name, values=values)))
        return None


def _yes(question: str) -> bool:
    print(f"{question} [y]: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("", "y", "yes")


def _edited(values: dict[str, Any]) -> dict[str, Any]:
    """Let the user change the values in an editor."""
    import shlex
    import subprocess
    import tempfile

    from st2client.documents import parse
    from st2client.output.structured import to_yaml

    # The file is private, for it holds secrets; it is removed when the editor is left.
    with tempfile.NamedTemporaryFile("w+", suffix=".yaml", encoding="utf-8") as file:
        file.write(to_yaml(values) + "\n")
        file.flush()
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        try:
            subprocess.run([*editor, file.name], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise OperationFailed(
                f"The editor {editor[0]} failed: {error}", hint="Name another one in EDITOR."
            ) from error
        with open(file.name, encoding="utf-8") as changed:
            data = parse(changed.read(), ".yaml", "the edited config")
    if not isinstance(data, dict):
        raise UsageError("The config must be a mapping of names to values.")
    return data


COMMANDS: dict[str, Command] = {
    "list": List(PACK, ("ref", "name", "description", "version", "author")),
    "get": Get(
        PACK,
        ("name", "version", "author", "email", "keywords", "description"),
        order=("name", "version", "author", "email", "keywords", "description"),
    ),
    "show": Show(),
    "search": Search(),
    "install": Install(),
    "remove": Remove(),
    "register": Register(),
    "config": Configure(),
}

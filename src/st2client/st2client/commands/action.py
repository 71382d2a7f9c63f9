"""``st2 action``: what can be run."""

from __future__ import annotations

import argparse

from st2client.commands.base import Command, Parser, Session
from st2client.commands.generic import Delete, Kind, show_outcome, standard
from st2client.commands.run import Run

ACTION = Kind("Action")
ORDER = (
    *("id", "uid", "ref", "pack", "name", "description", "enabled", "entry_point", "runner_type"),
    "parameters",
)


class DeleteAction(Delete):
    """Deletes an action, and on request its files."""

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("-r", "--remove-files", action="store_true", help="remove its files from the server's disk")

    def remove(self, name: str, args: argparse.Namespace, session: Session) -> None:
        session.manager("Action").delete_action(self.kind.find(session, name), args.remove_files)


class Clone(Command):
    """Copies an action."""

    examples = (("st2 action clone core.local mine my_local", "copy core.local to mine.my_local"),)

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("source_ref_or_id", metavar="source-ref-or-id", help="action to copy")
        parser.add_argument("dest_pack_name", metavar="dest-pack-name", help="pack of the copy")
        parser.add_argument("dest_action_name", metavar="dest-action-name", help="name of the copy")
        parser.add_argument("-f", "--force", action="store_true", help="replace the action that is there already")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        manager = session.manager("Action")
        source, pack, name = args.source_ref_or_id, args.dest_pack_name, args.dest_action_name
        ACTION.find(session, source)
        overwrite = manager.get_by_ref_or_id(f"{pack}.{name}") is not None
        question = "The destination action already exists. Do you want to overwrite?"
        if overwrite and not args.force and not session.confirm(question):
            session.printer.line("Action is not cloned.")
            session.printer.remark(f"{pack}.{name} exists; --force replaces it.")
            return None
        show_outcome(session, lambda: manager.clone(source, pack, name, overwrite=overwrite))
        return None


_NAMES = ("list", "get", "create", "update", "enable", "disable")

COMMANDS: dict[str, Command] = {
    **standard(ACTION, ("ref", "pack", "description"), *_NAMES, order=ORDER),
    "delete": DeleteAction(ACTION),
    "clone": Clone(),
    "execute": Run(waits=False),
}

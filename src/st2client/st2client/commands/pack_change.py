"""``st2 pack install`` and ``st2 pack remove``: what runs as an execution and is watched to its end."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from st2client.commands.base import Command, Parser, Session, add_attributes, add_widths
from st2client.commands.view import show
from st2client.errors import OperationFailed
from st2client.output.attributes import get_value
from st2client.output.execution import task_rows
from st2client.waiting import wait

COLUMNS = ("ref", "name", "description", "version", "author")
ORDER = ("ref", "name", "description", "version", "author")

_CONTENT = ("actions", "rules", "sensors", "aliases", "triggers")


class Change(Command):
    """What installing and removing have in common."""

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("packs", nargs="+", metavar="pack", help=self.pack_help)
        add_attributes(parser, COLUMNS, short=False)
        parser.add_argument("-d", "--detail", action="store_true", help="show all attributes")
        add_widths(parser)

    #: What a pack can be given as.
    pack_help = ""

    def follow(self, session: Session, execution_id: str, args: argparse.Namespace) -> Any:
        """Wait for the execution; show the tasks and fail when it did not succeed."""
        manager = session.manager("Execution")
        execution = wait(session, manager.require(execution_id))
        children = manager.get_property(execution_id, "children") or []
        if not session.printer.structured:
            for row in task_rows(children, execution_id):
                session.printer.line(f"\t[{str(row.status).split(' ')[0]:^20}] {row.task or row.action}")
            session.printer.line()
        if execution.status != "succeeded":
            view = argparse.Namespace(
                show_tasks=False, raw=False, detail=False, key=None, attr=["id", "status", "result"],
                depth=1, width=None, with_schema=False,
            )  # fmt: skip
            show(execution, view, session)
        return execution

    def present(self, session: Session, packs: Sequence[Any], args: argparse.Namespace) -> None:
        """Print the packs that were changed."""
        attributes = ["all"] if args.detail else args.attr
        if len(packs) == 1:
            session.printer.item(packs[0], attributes, ORDER)
        else:
            session.printer.items(packs, attributes, args.width)


class Install(Change):
    """Installs packs."""

    pack_help = "name in the index (name=version for a version), URL of a git repository, file:///path, or an archive"
    examples = (
        ("st2 pack install slack", "the newest version"),
        ("st2 pack install slack=1.2.0 jira", "a version, and a second pack"),
        ("st2 pack install https://git.example.com/mypack.git", "from a repository"),
    )

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("--force", action="store_true", help="also where versions do not fit")
        parser.add_argument("--skip-dependencies", action="store_true", help="leave out packs that it depends on")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        manager = session.manager("Pack")
        if not session.printer.structured:
            self._announce(manager, args.packs, session)
        request = manager.install(args.packs, force=args.force, skip_dependencies=args.skip_dependencies)
        execution = self.follow(session, request.execution_id, args)
        if execution.status != "succeeded":
            return 1
        output = get_value(getattr(execution, "result", None), "output") or {}
        refs = output.get("packs_list") or args.packs
        if len(refs) == 1:
            packs = [manager.get_by_ref_or_id(refs[0])]
        else:
            packs = [pack for pack in manager.get_all() if pack.name in refs or pack.ref in refs]
        self.present(session, [pack for pack in packs if pack], args)
        for warning in output.get("warning_list") or ():
            session.printer.remark(str(warning))
        return 0

    @staticmethod
    def _announce(manager: Any, packs: Sequence[str], session: Session) -> None:
        """Say how much content the packs have, if the index knows."""
        counts = dict.fromkeys(_CONTENT, 0)
        known = False
        for pack in packs:
            if "/" in pack:  # an address, of which the index knows nothing
                return
            found = manager.search(argparse.Namespace(pack=pack.partition("=")[0]), ignore_errors=True)
            content = getattr(found, "content", None) or {}
            known = known or bool(content)
            for kind in _CONTENT:
                counts[kind] += (content.get(kind) or {}).get("count", 0)
        if known:
            noun = "pack" if len(packs) == 1 else "packs"
            session.printer.line(f'\nFor the "{", ".join(packs)}" {noun}, the following content will be registered:\n')
            for kind, number in counts.items():
                session.printer.line(f"{kind:<10}|  {number}")
            session.printer.line("\nInstallation may take a while for packs with many items.")


class Remove(Change):
    """Removes packs."""

    pack_help = "name of an installed pack"

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        manager = session.manager("Pack")
        before = [pack for pack in manager.get_all() if pack.name in args.packs or pack.ref in args.packs]
        execution = self.follow(session, manager.remove(args.packs).execution_id, args)
        if execution.status != "succeeded":
            return 1
        for pack in before:
            if manager.get_by_ref_or_id(pack.ref):
                raise OperationFailed(f"Pack {pack.ref} has not been removed properly")
        self.present(session, before, args)
        return 0

"""``st2 service-registry``: processes of the server that are up."""

from __future__ import annotations

import argparse

from st2client.commands.base import Command, Parser, Session, add_attributes, add_widths


class ListGroups(Command):
    """Lists the kinds of services."""

    def arguments(self, parser: Parser) -> None:
        add_attributes(parser, ("group_id",))
        add_widths(parser)

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        session.printer.items(session.manager("ServiceRegistryGroups").list(), args.attr, args.width)
        return None


class ListMembers(Command):
    """Lists services."""

    def arguments(self, parser: Parser) -> None:
        add_attributes(parser, ("group_id", "member_id", "capabilities"))
        add_widths(parser)
        parser.add_argument("--group-id", help="only those of this kind")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        groups = [args.group_id] if args.group_id else None
        if groups is None:
            groups = [group.group_id for group in session.manager("ServiceRegistryGroups").list()]
        manager = session.manager("ServiceRegistryMembers")
        members = [member for group in groups for member in manager.list(group)]
        session.printer.items(members, args.attr, args.width)
        return None


COMMANDS: dict[str, Command] = {"group list": ListGroups(), "member list": ListMembers()}

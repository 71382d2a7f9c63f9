"""The commands that are the same for every kind of resource."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NamedTuple

from st2client import models
from st2client.commands.base import (
    Command,
    Parser,
    Session,
    add_attributes,
    add_last,
    add_widths,
    is_not_found,
    not_found,
)
from st2client.documents import load_object
from st2client.errors import HTTPError, NotFoundError, OperationFailed, UsageError
from st2client.output.attributes import include_query
from st2client.output.table import Transforms


class Kind(NamedTuple):
    """A kind of resource: its name among the managers, and what it is addressed by."""

    manager: str
    #: ``ref_or_id``, ``name_or_id``, ``id`` …: the name of the argument.
    key: str = "ref_or_id"

    @property
    def resource(self) -> Any:
        return getattr(models, self.manager)

    @property
    def one(self) -> str:
        """Display name."""
        return str(self.resource.get_display_name())

    @property
    def many(self) -> str:
        """Display name of several, in lower case."""
        return str(self.resource.get_plural_display_name()).lower()

    @property
    def metavar(self) -> str:
        return self.key.replace("_", "-")

    def find(self, session: Session, name: str, **options: Any) -> Any:
        """Fetch one.

        :raises NotFoundError: it does not exist.
        """
        manager = session.manager(self.manager)
        found = None
        try:
            if self.key == "name_or_id":
                found = manager.get_by_name(name, **options)
            found = found or manager.get_by_id(name, **options)
        except HTTPError as error:
            if not is_not_found(error):
                raise
        if not found:
            raise NotFoundError(f'{self.one} "{name}" is not found.', hint=_how_to_list(self))
        return found


def _how_to_list(kind: Kind) -> str:
    group = kind.resource.get_alias().lower()
    return f"See what there is: st2 {group} list" if kind.key != "id" else ""


class List(Command):
    """Lists all, or those of a pack."""

    def __init__(self, kind: Kind, columns: Sequence[str], of_pack: bool = False) -> None:
        self.kind = kind
        self.columns = columns
        self.of_pack = of_pack

    def arguments(self, parser: Parser) -> None:
        add_attributes(parser, self.columns)
        add_widths(parser)
        if self.of_pack:
            parser.add_argument("-p", "--pack", help="only those of this pack")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        session.printer.items(self.fetch(args, session), args.attr, args.width, self.transforms(session))
        return None

    def fetch(self, args: argparse.Namespace, session: Session) -> list[Any]:
        """Fetch the resources to list."""
        params = {"include_attributes": include_query(args.attr)}
        found: list[Any] = session.manager(self.kind.manager).get_all(pack=getattr(args, "pack", None), params=params)
        return found

    def transforms(self, session: Session) -> Transforms:
        """How attributes look in the table."""
        return {}


class FilteredList(List):
    """Lists all, or those that match filters; shows attributes the server always sends."""

    def filters(self, args: argparse.Namespace) -> dict[str, Any]:
        """The filters as a query; values that say nothing are left out."""
        return {}

    def fetch(self, args: argparse.Namespace, session: Session) -> list[Any]:
        manager = session.manager(self.kind.manager)
        given = {name: value for name, value in self.filters(args).items() if value}
        found: list[Any] = manager.query(**given) if given else manager.get_all()
        return found


class Newest(List):
    """Lists the newest ones that match filters, at most ``--last``, oldest first."""

    #: Whether to ask only for the attributes that are shown.
    includes = False
    #: Whether the server sends the newest first.
    newest_first = True

    def arguments(self, parser: Parser) -> None:
        add_last(parser, self.kind.many)
        add_attributes(parser, self.columns)
        add_widths(parser)
        self.filters(parser)

    def filters(self, parser: Parser) -> None:
        """Declare the options that become filters."""

    def query(self, args: argparse.Namespace) -> dict[str, Any]:
        """The filters as a query; None values are left out."""
        return {}

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        query = {"limit": args.last, **self.query(args)}
        if self.includes:
            query["include_attributes"] = include_query(args.attr)
        items, total = session.manager(self.kind.manager).query_with_count(**query)
        self.show(items[::-1] if self.newest_first else items, args, session)
        session.printer.limit_note(total, args.last, self.kind.many, self.kind.one.lower())
        return None

    def show(self, items: list[Any], args: argparse.Namespace, session: Session) -> None:
        """Print what was found."""
        session.printer.items(items, args.attr, args.width, self.transforms(session))


class Get(Command):
    """Shows one or more."""

    def __init__(self, kind: Kind, columns: Sequence[str] = ("all",), order: Sequence[str] | None = None) -> None:
        self.kind = kind
        self.columns = columns
        self.order = order or ("id", "pack", "name", "description")

    def arguments(self, parser: Parser) -> None:
        parser.add_argument(self.kind.key, nargs="+", metavar=self.kind.metavar, help=f"which {self.kind.one.lower()}")
        add_attributes(parser, self.columns)

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        for item in fetch_each(self.kind, getattr(args, self.kind.key), session, **self.options(args)):
            self.show(item, args, session)
        return None

    def options(self, args: argparse.Namespace) -> dict[str, Any]:
        """Options of the request."""
        return {}

    def show(self, item: Any, args: argparse.Namespace, session: Session) -> None:
        """Print one."""
        session.printer.item(item, args.attr, self.order)


def fetch_each(kind: Kind, names: Sequence[str], session: Session, **options: Any) -> list[Any]:
    """Fetch several by name. Of several, a missing one is only mentioned.

    :raises NotFoundError: the only one asked for does not exist.
    """
    manager = session.manager(kind.manager)
    found = []
    for name in names:
        try:
            item = manager.get_by_id(name, **options)
        except HTTPError as error:
            if not is_not_found(error):
                raise
            item = None
        if item:
            found.append(item)
        elif len(names) == 1:
            raise NotFoundError(f'{kind.one} "{name}" is not found.', hint=_how_to_list(kind))
        else:
            not_found(session, kind.one, name)
    return found


class Create(Command):
    """Creates one from a file."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("file", help=f"JSON or YAML file with the {self.kind.one.lower()}")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        item = self.kind.resource.deserialize(load_object(args.file, self.kind.one.lower()))
        show_outcome(session, lambda: session.manager(self.kind.manager).create(item))
        return None


class Update(Command):
    """Replaces one with the content of a file."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def arguments(self, parser: Parser) -> None:
        parser.add_argument(self.kind.key, metavar=self.kind.metavar, help=f"which {self.kind.one.lower()}")
        parser.add_argument("file", help=f"JSON or YAML file with the {self.kind.one.lower()}")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        data = load_object(args.file, self.kind.one.lower())
        name = getattr(args, self.kind.key)
        known = self.kind.find(session, name)
        if data.setdefault("id", known.id) != known.id:
            raise UsageError(
                f'The id "{data["id"]}" in {args.file} is not the one of {name} ("{known.id}").',
                hint="Remove the id from the file, or name the resource that the file is about.",
            )
        show_outcome(session, lambda: session.manager(self.kind.manager).update(self.kind.resource(**data)))
        return None


class Toggle(Command):
    """Enables or disables one."""

    def __init__(self, kind: Kind, enabled: bool) -> None:
        self.kind = kind
        self.enabled = enabled

    def arguments(self, parser: Parser) -> None:
        parser.add_argument(self.kind.key, metavar=self.kind.metavar, help=f"which {self.kind.one.lower()}")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        data = self.kind.find(session, getattr(args, self.kind.key)).serialize()
        data.pop("ref", None)
        data["enabled"] = self.enabled
        changed = session.manager(self.kind.manager).update(self.kind.resource(**data))
        session.printer.item(changed, ["all"])
        return None


class Delete(Command):
    """Deletes one."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def arguments(self, parser: Parser) -> None:
        parser.add_argument(self.kind.key, metavar=self.kind.metavar, help=f"which {self.kind.one.lower()}")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        name = getattr(args, self.kind.key)
        try:
            self.remove(name, args, session)
        except NotFoundError as error:
            raise OperationFailed(str(error), error.hint) from error
        session.printer.line(f'Resource with id "{name}" has been successfully deleted.')
        return None

    def remove(self, name: str, args: argparse.Namespace, session: Session) -> None:
        """Delete the one of that name."""
        session.manager(self.kind.manager).delete(self.kind.find(session, name))


def show_outcome(session: Session, operation: Any) -> None:
    """Do something that returns a resource, and print it.

    :raises OperationFailed: the server refused.
    """
    try:
        item = operation()
    except HTTPError as error:
        if error.response.status_code in (401, 403):
            raise
        raise OperationFailed(str(error), error.hint) from error
    session.printer.item(item, ["all"])


def standard(kind: Kind, columns: Sequence[str], *names: str, order: Sequence[str] | None = None) -> dict[str, Command]:
    """Build the plain commands of a kind of resource that belongs to packs."""
    made: dict[str, Command] = {
        "list": List(kind, columns, of_pack=True),
        "get": Get(kind, order=order),
        "create": Create(kind),
        "update": Update(kind),
        "delete": Delete(kind),
        "enable": Toggle(kind, True),
        "disable": Toggle(kind, False),
    }
    return {name: made[name] for name in names}

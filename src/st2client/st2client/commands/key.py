"""``st2 key``: the datastore."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from st2client.commands.base import Command, Parser, Session, add_last
from st2client.commands.generic import Delete, Get, Kind, List
from st2client.documents import load_file
from st2client.errors import NotFoundError, UsageError
from st2client.models.keyvalue import KeyValuePair
from st2client.output.table import Transforms

KEY = Kind("KeyValuePair", "name")
COLUMNS = ("name", "value", "secret", "encrypted", "scope", "user", "expire_timestamp")


class ListKeys(List):
    """Lists keys."""

    examples = (
        ("st2 key list --prefix web.", "keys that begin alike"),
        ("st2 key list -s user", "your own keys"),
        ("st2 key list -d", "with secrets decrypted (admins only)"),
    )

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        add_last(parser, "keys")
        parser.add_argument("--prefix", help="only names that begin with this")
        parser.add_argument("-d", "--decrypt", action="store_true", help="show secrets in clear")
        parser.add_argument("-s", "--scope", default="all", help="system, user or all (default)")
        parser.add_argument("-u", "--user", help="user whose keys to list (admins only)")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        query = {"decrypt": _word(args.decrypt), "scope": args.scope, "limit": args.last}
        query.update({name: value for name, value in (("prefix", args.prefix), ("user", args.user)) if value})
        items, total = session.manager("KeyValuePair").query_with_count(**query)
        session.printer.items(items, args.attr, args.width, self.transforms(session))
        session.printer.limit_note(total, args.last, KEY.many, KEY.one.lower())
        return None

    def transforms(self, session: Session) -> Transforms:
        return {"expire_timestamp": session.printer.time}


class GetKeys(Get):
    """Shows keys."""

    examples = (("st2 key get web.password -d", "a secret in clear (admins only)"),)

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("-d", "--decrypt", action="store_true", help="show a secret in clear")
        parser.add_argument("-s", "--scope", default="system", help="system (default) or user")

    def options(self, args: argparse.Namespace) -> dict[str, Any]:
        return {"params": {"decrypt": _word(args.decrypt), "scope": args.scope}}


class Set(Command):
    """Sets a key."""

    examples = (
        ("st2 key set web.port 8080", "set a value"),
        ("st2 key set -e web.password < password-file", "store a secret that never shows in the list of processes"),
        ("st2 key set -l 3600 web.lock held", "a value that goes away after an hour"),
    )

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("name", help="name of the key")
        parser.add_argument("value", nargs="?", help="its value (default: read from the input)")
        group = parser.add_mutually_exclusive_group()
        group.add_argument("-e", "--encrypt", dest="secret", action="store_true", help="store it encrypted")
        group.add_argument("--encrypted", action="store_true", help="the value is encrypted already")
        parser.add_argument("-l", "--ttl", type=int, help="seconds after which it goes away")
        parser.add_argument("-s", "--scope", default="system", help="system (default) or user")
        parser.add_argument("-u", "--user", help="user whose key to set (admins only)")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        value = args.value if args.value is not None else _read_value(args.secret)
        pair = KeyValuePair(id=args.name, name=args.name, value=value, scope=args.scope, user=args.user)
        for name in ("secret", "encrypted", "ttl"):
            if getattr(args, name):
                setattr(pair, name, getattr(args, name))
        stored = session.manager("KeyValuePair").update(pair)
        session.printer.item(stored, ["name", "value", "scope", "expire_timestamp"], order=("name",))
        return None


class DeleteKey(Delete):
    """Deletes a key."""

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("-s", "--scope", default="system", help="system (default) or user")
        parser.add_argument("-u", "--user", help="user whose key to delete (admins only)")

    def remove(self, name: str, args: argparse.Namespace, session: Session) -> None:
        params = {"scope": args.scope, "user": args.user}
        manager = session.manager("KeyValuePair")
        if not manager.get_by_id(name, params=params):
            raise NotFoundError(f'Key Value Pair "{name}" is not found.', hint="See what there is: st2 key list")
        manager.delete(KeyValuePair(name=name), params=params)


class DeleteByPrefix(Command):
    """Deletes the keys of the system scope that begin alike."""

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("-p", "--prefix", required=True, help="how the names begin")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        if not args.prefix:
            raise UsageError("The prefix is empty, which would delete every key.")
        manager = session.manager("KeyValuePair")
        names: list[str] = []
        while page := [pair.name for pair in manager.get_all(prefix=args.prefix) if pair.name not in names]:
            for name in page:
                manager.delete(KeyValuePair(name=name))
            names.extend(page)
        if session.printer.structured:
            session.printer.data(names)
            return None
        session.printer.line(f"Deleted {len(names)} keys")
        session.printer.line(f"Deleted key ids: {', '.join(names)}")
        return None


class Load(Command):
    """Sets the keys of a file."""

    description = (
        "The file holds one key or a list of them: name, value, and if wanted secret, encrypted, scope, user, ttl."
    )

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("file", help="JSON or YAML file")
        parser.add_argument("-c", "--convert", action="store_true", help="turn values that are not text into JSON")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        data = load_file(args.file) or []
        pairs = [_pair(item, args) for item in (data if isinstance(data, list) else [data])]
        for pair in pairs:
            session.manager("KeyValuePair").update(pair)
        session.printer.items(pairs, ("name", "value", "secret", "scope", "user", "ttl"))
        return None


def _pair(item: Any, args: argparse.Namespace) -> KeyValuePair:
    """One entry of a file as a key.

    :raises UsageError: something is missing, or the value is not text.
    """
    if not isinstance(item, dict) or "name" not in item or "value" not in item:
        raise UsageError(f'Every item in "{args.file}" needs a name and a value.')
    value = item["value"]
    if not isinstance(value, str):
        if not args.convert:
            raise UsageError(
                f"Item '{item['name']}' has a value that is not a string.",
                hint="Use -c/--convert to store such values as JSON, or quote the value in the file.",
            )
        value = json.dumps(value)
    pair = KeyValuePair(id=item["name"], name=item["name"], value=value, scope=item.get("scope", "system"))
    for name in ("user", "encrypted", "secret", "ttl"):
        if item.get(name):
            setattr(pair, name, item[name])
    return pair


def _read_value(secret: bool) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.read().removesuffix("\n")
    if secret:
        from getpass import getpass

        return getpass("Please insert value for key: ")
    return input("Please insert value for key: ")


def _word(flag: bool) -> str:
    return "true" if flag else "false"


COMMANDS: dict[str, Command] = {
    "list": ListKeys(KEY, COLUMNS),
    "get": GetKeys(KEY, ("name", "value", "secret", "encrypted", "scope", "expire_timestamp"), order=("name",)),
    "set": Set(),
    "delete": DeleteKey(KEY),
    "delete_by_prefix": DeleteByPrefix(),
    "load": Load(),
}

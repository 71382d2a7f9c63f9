"""``st2 apikey``: lasting credentials."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser, Session, add_widths
from st2client.commands.generic import Delete, Get, Kind, List, Toggle, show_outcome
from st2client.documents import load_file, parse_json_argument
from st2client.errors import HTTPError, UsageError
from st2client.models.auth import ApiKey

API_KEY = Kind("ApiKey", "key_or_id")
COLUMNS = ("id", "user", "metadata")


class ListKeys(List):
    """Lists API keys."""

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("-u", "--user", help="only those of this user")
        parser.add_argument("-d", "--detail", action="store_true", help="show all attributes")
        parser.add_argument("--show-secrets", action="store_true", help="do not mask secrets")

    def fetch(self, args: argparse.Namespace, session: Session) -> list[Any]:
        if args.detail:
            args.attr = ["all"]
        params = {"show_secrets": True} if args.show_secrets else {}
        found: list[Any] = session.manager("ApiKey").get_all(user=args.user, params=params)
        return found


class Create(Command):
    """Creates an API key. It is shown this once only."""

    description = "The key is shown only now: the server keeps a hash of it."
    examples = (
        ('st2 apikey create -k -m \'{"used_by": "ci"}\'', "print nothing but the key"),
        ("export ST2_API_KEY=$(st2 apikey create -k)", "use a new key in this shell"),
    )

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("-u", "--user", default="", help="user the key is for (default: you)")
        parser.add_argument("-m", "--metadata", help="anything to remember about the key, as a JSON object")
        parser.add_argument("-k", "--only-key", action="store_true", help="print nothing but the key")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        metadata = parse_json_argument(args.metadata, "--metadata") if args.metadata else {}
        if not isinstance(metadata, dict):
            raise UsageError("The value of --metadata must be a JSON object.")
        wanted = {"user": args.user, "metadata": metadata}
        request = ApiKey(**{name: value for name, value in wanted.items() if value})
        if not args.only_key:
            show_outcome(session, lambda: session.manager("ApiKey").create(request))
            return None
        session.printer.line(session.manager("ApiKey").create(request).key)
        return None


class Update(Command):
    """Is there for the sake of completeness."""

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        session.printer.remark("API keys cannot be changed; enable or disable them, or create another.")
        return None


class Load(Command):
    """Loads API keys, as `apikey list --detail --show-secrets -j` shows them."""

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("file", help="JSON or YAML file with the keys: user, key_hash, metadata, enabled, id")
        add_widths(parser)

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        data = load_file(args.file)
        if not data:
            session.printer.line(f"No api key found in {args.file}.")
            return None
        keys = [_api_key(item, args.file) for item in (data if isinstance(data, list) else [data])]
        session.printer.items([_store(session.manager("ApiKey"), key) for key in keys], COLUMNS, args.width)
        return None


def _api_key(item: Any, path: str) -> ApiKey:
    missing = [name for name in ("user", "key_hash") if not isinstance(item, dict) or name not in item]
    if missing:
        raise UsageError(f'An API key in "{path}" lacks: {", ".join(missing)}')
    key = ApiKey(
        user=item["user"],
        key_hash=item["key_hash"],
        metadata=item.get("metadata", {}),
        enabled=item.get("enabled", False),
    )
    if "id" in item:
        key.id = item["id"]
    return key


def _store(manager: Any, key: ApiKey) -> Any:
    """Update the key of an id, or create it."""
    if getattr(key, "id", None):
        try:
            return manager.update(key)
        except HTTPError as error:
            if error.response.status_code != 404:
                raise
    return manager.create(key)


COMMANDS: dict[str, Command] = {
    "list": ListKeys(API_KEY, COLUMNS),
    "get": Get(API_KEY, order=COLUMNS),
    "create": Create(),
    "update": Update(),
    "delete": Delete(API_KEY),
    "enable": Toggle(API_KEY, True),
    "disable": Toggle(API_KEY, False),
    "load": Load(),
}

"""``st2 webhook``: webhooks that rules use."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Session
from st2client.commands.generic import Get, Kind, List

WEBHOOK = Kind("Webhook", "url")


class ListWebhooks(List):
    """Lists webhooks by their URL."""

    def fetch(self, args: argparse.Namespace, session: Session) -> list[Any]:
        found = session.manager("Webhook").get_all(pack=args.pack)
        for webhook in found:
            webhook.url = (getattr(webhook, "parameters", None) or {}).get("url", "")
        return sorted(found, key=lambda webhook: str(webhook.url))


COMMANDS: dict[str, Command] = {
    "list": ListWebhooks(WEBHOOK, ("url", "type", "description"), of_pack=True),
    "get": Get(WEBHOOK, order=("type", "description")),
}

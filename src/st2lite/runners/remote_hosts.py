"""The hosts a remote action runs on, read from its parameter `hosts`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from st2lite.models.errors import InvalidInput


@dataclass(frozen=True)
class RemoteHost:
    """One target. `label` is its key in the result; `port` is None where the text names none."""

    label: str
    name: str
    port: int | None


def parse_hosts(text: object) -> list[RemoteHost]:
    """Read a comma separated list of `host`, `host:port`, `[v6]` or `[v6]:port`; doubles are dropped, order is kept.

    The label is the name alone; a name that occurs with several ports is told apart by `name:port`. Raises
    `InvalidInput` when the list is empty or a port is not one.
    """
    items = [item.strip() for item in str(text or "").split(",")]
    pairs = list(dict.fromkeys(parse_host(item) for item in items if item))
    if not pairs:
        raise InvalidInput('Parameter "hosts" is empty: name one or more hosts, separated by commas.')
    names = Counter(name for name, _ in pairs)
    return [
        RemoteHost(name if names[name] == 1 or port is None else f"{name}:{port}", name, port) for name, port in pairs
    ]


def parse_host(text: str, parameter: str = "hosts") -> tuple[str, int | None]:
    """Split `host[:port]`; more than one colon outside brackets is an IPv6 address without a port."""
    if text.startswith("["):
        name, closing, rest = text[1:].partition("]")
        if not name or not closing or (rest and not rest.startswith(":")):
            raise InvalidInput(f'Parameter "{parameter}": {text!r} is not an IPv6 address in brackets.')
        port = rest[1:]
    elif text.count(":") == 1:
        name, _, port = text.partition(":")
    else:
        name, port = text, ""
    if not name or any(character.isspace() for character in name):
        raise InvalidInput(f'Parameter "{parameter}": {text!r} is not the name of a host.')
    if not port:
        return name, None
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise InvalidInput(f'Parameter "{parameter}": the port in {text!r} must be a number from 1 to 65535.')
    return name, int(port)

"""PowerShell as text: values as literals, scripts as command lines, and its errors as something to read.

The escapes are those of PowerShell's about_Special_Characters, the format of errors is CLIXML ([MS-PSRP], 2.2.5).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

_ESCAPES = {
    "`": "``", '"': '`"', "$": "`$", "\0": "`0", "\a": "`a", "\b": "`b",
    "\f": "`f", "\n": "`n", "\r": "`r", "\t": "`t", "\v": "`v",
    # PowerShell takes typographic quotes for plain ones.
    "\u201c": "`\u201c", "\u201d": "`\u201d", "\u201e": "`\u201e",
}  # fmt: skip
_ESCAPE = str.maketrans(_ESCAPES)
_CLIXML = "#< CLIXML"
_CODE_UNIT = re.compile(r"_x([0-9A-Fa-f]{4})_")


def literal(value: Any) -> str:
    """Write a JSON value as a PowerShell expression."""
    if value is None:
        return "$null"
    if isinstance(value, bool):
        return "$true" if value else "$false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, Mapping):
        return "@{" + "; ".join(f"{literal(str(key))} = {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "@(" + ", ".join(literal(item) for item in value) + ")"
    return '"' + str(value).translate(_ESCAPE) + '"'


def arguments(named: Mapping[str, Any], positional: Sequence[Any]) -> str:
    """Write arguments; the keys of `named` bear their dash already."""
    return " ".join([*(f"{flag} {literal(value)}" for flag, value in named.items()), *map(literal, positional)])


def block(script: str, arguments: str) -> str:
    """Give the text that runs `script` with `arguments`; its `param()` block gets them."""
    return f"& {{\n{script}\n}} {arguments}" if arguments else script


def command_line(script: str) -> str:
    """Give the command line that runs `script`, which needs no quoting at all."""
    return "powershell -encodedcommand " + base64.b64encode(script.encode("utf-16-le")).decode("ascii")


def readable_errors(text: str) -> str:
    """Turn what PowerShell wrote to stderr into plain text: CLIXML becomes its messages, anything else stays."""
    first, *documents = text.split(_CLIXML)
    if not documents:
        return text
    messages = [_messages(document) for document in documents]
    if any(message is None for message in messages):
        return text
    return (first + "".join(message or "" for message in messages)).strip()


def _messages(document: str) -> str | None:
    """Give the messages of one CLIXML document (progress has none), or None when it is not one."""
    body, end, rest = document.partition("</Objs>")
    try:
        # Expat, since 2.4, refuses documents that multiply themselves.
        root = ElementTree.fromstring((body + end).strip())  # noqa: S314
    except ElementTree.ParseError:
        return None
    found = (node.text or "" for node in root if node.tag.rpartition("}")[2] == "S")
    return "".join(_decode(message) for message in found) + rest.lstrip("\r\n")


def _decode(text: str) -> str:
    # UTF-16 code units: two of them may make up one character.
    units = _CODE_UNIT.sub(lambda match: chr(int(match[1], 16)), text)
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\r\n", "\n")

"""Bordered text tables: lists of resources, and one resource as properties and values."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from st2client.output.attributes import as_mapping, get_value, wants_all
from st2client.output.color import visible_length

Transforms = Mapping[str, Callable[[Any], Any]]

#: Columns assumed when nothing says how wide the terminal is.
DEFAULT_WIDTH = 150
#: A column is never made narrower than this.
MIN_COLUMN = 5
#: Widths of the property table.
PROPERTY_WIDTH, VALUE_WIDTH = 20, 60

_NO_TRANSFORMS: Transforms = {}


def terminal_width() -> int:
    """Width to fit tables into: ``COLUMNS``, else the terminal's, else :data:`DEFAULT_WIDTH`."""
    try:
        return int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        pass
    for descriptor in (1, 2, 0):
        try:
            return os.get_terminal_size(descriptor).columns or DEFAULT_WIDTH
        except OSError:
            continue
    return DEFAULT_WIDTH


def list_table(
    items: Sequence[Any],
    attributes: Sequence[str],
    widths: Sequence[int] | None = None,
    transforms: Transforms = _NO_TRANSFORMS,
) -> str:
    """Render resources as rows and attributes as columns.

    :param widths: most characters per column; one number holds for all. Without it columns share the terminal.
    """
    documents = [as_mapping(item) for item in items]
    if wants_all(attributes):
        attributes = sorted(documents[0]) if documents else []
    rows = [[_list_cell(document, name, transforms) for name in attributes] for document in documents]
    return render(list(attributes), rows, _column_limits(list(attributes), rows, widths))


def property_table(
    item: Any,
    attributes: Sequence[str],
    order: Sequence[str] = ("id", "name", "pack", "description"),
    transforms: Transforms = _NO_TRANSFORMS,
) -> str:
    """Render one resource as a table of properties: the ones in ``order`` first, the others by name."""
    document = as_mapping(item)
    names = sorted(document) if wants_all(attributes) else list(attributes)
    first = [name for name in order if name in names]
    rows = []
    for name in [*first, *(name for name in names if name not in first)]:
        value = _transformed(name, get_value(document, name), transforms)
        if isinstance(value, (dict, list)):
            value = json.dumps(value, indent=4, ensure_ascii=False) if value else ""
        rows.append([name, clean(value)])
    return render(["Property", "Value"], rows, [PROPERTY_WIDTH, VALUE_WIDTH])


def note(message: str, width: int = 0) -> str:
    """A message in a box, at least ``width`` characters wide."""
    inner = max(len(message) + 2, width - 2)
    border = "+" + "-" * inner + "+"
    return f"{border}\n| {message.ljust(inner - 2)} |\n{border}"


def render(header: Sequence[str], rows: Sequence[Sequence[str]], limits: Sequence[int]) -> str:
    """Draw a table; text longer than the limit of its column is wrapped."""
    cells = [[_wrap(text, limit) for text, limit in zip(row, limits, strict=True)] for row in (header, *rows)]
    widths = [max(visible_length(line) for row in cells for line in row[index]) for index in range(len(header))]
    border = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = [border]
    for number, row in enumerate(cells):
        for index in range(max((len(cell) for cell in row), default=0)):
            texts = [cell[index] if index < len(cell) else "" for cell in row]
            padded = (text + " " * (width - visible_length(text)) for text, width in zip(texts, widths, strict=True))
            lines.append("| " + " | ".join(padded) + " |")
        if number == 0:
            lines.append(border)
    lines.append(border)
    return "\n".join(lines)


def clean(value: Any) -> str:
    """A value as the text of a cell: escaped line ends and quotes of action output become real ones."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    return value.replace("\\r", "").replace("\r", "").replace("\\n", "\n").replace('\\"', '"').replace("\t", "    ")


def _list_cell(document: Mapping[str, Any], name: str, transforms: Transforms) -> str:
    value = _transformed(name, get_value(document, name), transforms)
    if isinstance(value, (list, tuple)):
        value = ", ".join(value) if all(isinstance(item, str) for item in value) else value
    return "" if value == [] or (value == {} and "." in name) else clean(value)


def _transformed(name: str, value: Any, transforms: Transforms) -> Any:
    transform = transforms.get(name)
    return transform(value) if transform and value is not None else value


def _column_limits(names: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int] | None) -> list[int]:
    if widths:
        return [max(1, width) for width in (widths if len(widths) == len(names) else [widths[0]] * len(names))]
    natural = [
        max([visible_length(name), *(visible_length(line) for row in rows for line in row[index].split("\n"))])
        for index, name in enumerate(names)
    ]
    # Ids are for copying: they stay in one piece. So do statuses, whose colours cannot be split.
    fixed = [name in ("id", "status") for name in names]
    room = terminal_width() - 3 * len(names) - 1
    return _fit(natural, fixed, room)


def _fit(natural: list[int], fixed: list[bool], room: int) -> list[int]:
    """Shrink the widest columns until all fit: the largest cap for which the sum is within the room."""
    flexible = [width for width, is_fixed in zip(natural, fixed, strict=True) if not is_fixed]
    left = room - sum(width for width, is_fixed in zip(natural, fixed, strict=True) if is_fixed)
    if not flexible or sum(flexible) <= left:
        return natural
    cap = MIN_COLUMN
    while sum(min(width, cap + 1) for width in flexible) <= left:
        cap += 1
    return [width if is_fixed else min(width, cap) for width, is_fixed in zip(natural, fixed, strict=True)]


def _wrap(text: str, limit: int) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        if visible_length(line) <= limit or "\033" in line:
            lines.append(line)
        elif line.isascii():
            import textwrap

            lines.extend(textwrap.wrap(line, limit) or [""])
        else:
            lines.extend(_wrap_wide(line, limit))
    return lines


def _wrap_wide(line: str, limit: int) -> list[str]:
    """Wrap text in which characters differ in width, at any character."""
    pieces, piece = [], ""
    for char in line:
        if piece and visible_length(piece + char) > limit:
            pieces.append(piece)
            piece = ""
        piece += char
    return [*pieces, piece]

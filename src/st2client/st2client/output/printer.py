"""Prints what a command found, in the format the user asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from st2client.output import color
from st2client.output.attributes import as_mapping, get_value, select, wants_all
from st2client.output.table import Transforms, clean, list_table, note, property_table

#: What tables say when there is nothing to show.
NOTHING = "No matching items found"

_NO_TRANSFORMS: Transforms = {}


class Printer:
    """Writes tables, JSON or YAML.

    :param style: ``table``, ``json`` or ``yaml``.
    :param timezone: name of the zone that tables show times in; a callable is asked when the first one is shown.
    """

    def __init__(self, style: str, timezone: Callable[[], str | None], out: TextIO, err: TextIO) -> None:
        self.style = style
        self.out = out
        self.err = err
        self._timezone = timezone
        self._show_time: Callable[[Any], Any] | None = None

    @property
    def structured(self) -> bool:
        """Whether programs read the output, so that nothing else may be printed."""
        return self.style != "table"

    @property
    def colored(self) -> bool:
        return color.enabled(self.out)

    def line(self, text: str = "") -> None:
        """Print a line."""
        print(text, file=self.out)

    def remark(self, text: str) -> None:
        """Print a line beside the output, on stderr."""
        self.out.flush()
        print(text, file=self.err, flush=True)

    def time(self, value: Any) -> Any:
        """A time of the API as tables show it."""
        if self._show_time is None:
            from st2client.output.timestamps import formatter, zone

            self._show_time = formatter(zone(self._timezone()))
        return self._show_time(value)

    def status(self, value: Any) -> Any:
        """A status, in its colour on terminals."""
        return color.paint_status(value) if self.colored else value

    def data(self, data: Any) -> None:
        """Print data as JSON or YAML."""
        from st2client.output.structured import to_json, to_yaml

        self.line(to_json(data) if self.style == "json" else to_yaml(data))

    def items(
        self,
        items: Sequence[Any],
        attributes: Sequence[str],
        widths: Sequence[int] | None = None,
        transforms: Transforms = _NO_TRANSFORMS,
    ) -> None:
        """Print a list of resources."""
        if self.structured:
            self.data([select(item, attributes) for item in items])
        elif not items:
            self.line(NOTHING)
        else:
            self.line(list_table(items, attributes, widths, transforms))

    def item(
        self,
        item: Any,
        attributes: Sequence[str],
        order: Sequence[str] = ("id", "name", "pack", "description"),
        transforms: Transforms = _NO_TRANSFORMS,
    ) -> None:
        """Print one resource."""
        if self.structured:
            self.data(select(item, attributes))
        else:
            self.line(property_table(item, attributes, order, transforms))

    def fields(self, document: Any, attributes: Sequence[str], transforms: Transforms = _NO_TRANSFORMS) -> None:
        """Print one resource as ``name: value`` lines, nested values as YAML blocks below their name."""
        if self.structured:
            self.data(select(document, attributes))
            return
        colored = self.colored
        mapping = as_mapping(document)
        for name in sorted(mapping) if wants_all(attributes) else attributes:
            value = get_value(mapping, name)
            transform = transforms.get(name)
            text = _field(transform(value) if transform else value)
            self.line(f"{color.paint(name, color.BLUE) if colored else name}: {text}")

    def limit_note(self, total: int | None, limit: int, things: str, one: str) -> None:
        """Say on stderr that there is more than is shown."""
        if self.structured or total is None or limit <= 0 or total <= limit:
            return
        shown = f"Only one {one} is" if limit == 1 else f"Only first {limit} {things} are"
        self.remark(note(f"Note: {shown} displayed. Use -n/--last flag for more results."))


def _field(value: Any) -> str:
    if isinstance(value, (dict, list)) and value:
        from st2client.output.structured import yaml_block

        return "\n" + yaml_block(_unescaped(value))
    return clean(value) if isinstance(value, str) else str(value)


def _unescaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    if isinstance(value, dict):
        return {key: _unescaped(item) for key, item in value.items()}
    return [_unescaped(item) for item in value] if isinstance(value, list) else value


def standard(style: str, timezone: Callable[[], str | None]) -> Printer:
    """A printer to the process's own output."""
    return Printer(style, timezone, sys.stdout, sys.stderr)

r"""The grammar of alias formats: matching what a person typed, and taking the parameters out of it.

A format is a regular expression in which `{{ name }}` stands for a value that has to be there, `{{ name = default }}`
for one that may be left out together with the whitespace before it. A value is text in quotes, a `{...}` map, or as
few characters as the rest of the format allows. Named groups are parameters, too. Pairs `key=value` at the end of a
command are parameters beside those of the format.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from st2lite.models.alias import ActionAlias
from st2lite.models.errors import InvalidInput
from st2lite.models.patterns import LIMIT, Pattern

_PLACE = re.compile(r"""((?:(?<!\s)\s+)?)\{\{\s*(\w+)\s*(=\s*(?:"([^"]*)"|'([^']*)'|(\S.*?)??)\s*)?\}\}""")
_VALUE = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{.*?\}|.+?"""
_PAIR = re.compile(
    r"""(?:^|\s)(?P<key>\w+)=(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{[^{}]*\}|[^\s"'{]\S*)$""", re.DOTALL
)
_LONGEST_COMMAND = 16 * 1024
"""Characters; chat services allow far less."""
_LONGEST_FORMAT = 2000
_MOST_PAIRS = 100


@dataclass(frozen=True)
class Representation:
    """One way to say an alias: how help shows it, the format that is matched, whether it may occur several times."""

    display: str
    format: str
    match_multiple: bool = False


def representations(alias: ActionAlias) -> Iterator[Representation]:
    """All representations of an alias, in the order of its metadata; one without a representation is only shown."""
    for item in alias.formats:
        if isinstance(item, str):
            yield Representation(item, item)
            continue
        texts = item.get("representation") or []
        display = item.get("display") or ""
        for text in [texts] if isinstance(texts, str) else texts:
            yield Representation(display or text, text, bool(item.get("match_multiple")))


def displays(alias: ActionAlias) -> Iterator[str]:
    """What help shows of an alias, a text for each of its formats that is not hidden."""
    for item in alias.formats:
        text = item if isinstance(item, str) else item.get("display")
        if text:
            yield text


class AliasFormat:
    """A compiled format. `compile_format` keeps them."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._names: list[tuple[str, str]] = []
        self.defaults: dict[str, str] = {}
        if len(source) > _LONGEST_FORMAT:
            raise InvalidInput(f"formats: one has {len(source)} characters; at most {_LONGEST_FORMAT} are possible")
        try:
            self._pattern = Pattern(_anchored(self._translated(source)), re.DOTALL)
            # With nothing behind it, the last value of an occurrence ends at the next whitespace.
            self._anywhere = Pattern(f"{self._translated(source)}(?=\\s|$)", re.DOTALL)
        except (re.error, OverflowError, RecursionError) as error:
            raise InvalidInput(
                f'formats: "{source}" is not valid: all but its {{{{ names }}}} is a regular expression ({error})'
            ) from None

    def matches(self, command: str) -> bool:
        """Tell whether a command has this format."""
        return self._match(command) is not None

    def parameters(self, command: str) -> dict[str, str]:
        """Take the parameters out of a command; raise `InvalidInput` if it does not have this format."""
        found = self._match(command)
        if found is None:
            raise InvalidInput(f'Command "{command}" doesn\'t match format string "{self.source}"')
        match, pairs = found
        values = {**self._values(match), **pairs}
        if self._names and not any(values.values()) and not any(self.defaults.values()):
            raise InvalidInput("No value supplied and no default value found.")
        return values

    def all_parameters(self, command: str) -> list[dict[str, str]]:
        """Take the parameters out of every occurrence of the format in a command."""
        return [self._values(match) for match in self._anywhere.all(command[:_LONGEST_COMMAND])]

    def _match(self, command: str) -> tuple[re.Match[str], dict[str, str]] | None:
        if len(command) > _LONGEST_COMMAND:
            return None
        until = time.monotonic() + LIMIT
        for rest, pairs in reversed(list(_without_pairs(command))):
            match = self._pattern.search(rest, until - time.monotonic())
            if match:
                return match, pairs
        return None

    def _values(self, match: re.Match[str]) -> dict[str, str]:
        own = dict(self._names)
        values = dict(self.defaults)
        for group, text in match.groupdict().items():
            if text is not None:
                values[own.get(group, group)] = _unquoted(text) if group in own else text
        return values

    def _translated(self, source: str) -> str:
        """The regular expression that a format stands for."""
        self._names = []
        parts = []
        position = 0
        for place in _PLACE.finditer(source):
            parts.append(source[position : place.start()])
            position = place.end()
            before, name, optional = r"\s+" if place[1] else "", place[2], place[3]
            group = f"p{len(self._names)}_{name}"
            self._names.append((group, name))
            value = f"(?P<{group}>{_VALUE})"
            if optional is None:
                parts.append(f"{before}{value}")
                continue
            self.defaults[name] = next((text for text in (place[4], place[5], place[6]) if text is not None), "")
            if place.start() > 0:
                parts.append(f"(?:{before}{value})?")
            else:  # at the very beginning it is the whitespace behind it that goes with it
                after = len(source[position:]) - len(source[position:].lstrip())
                position += after
                space = r"\s+" if after else ""
                parts.append(f"(?:{value}{space})?")
        parts.append(source[position:])
        return "".join(parts)


@functools.lru_cache(maxsize=2048)
def compile_format(source: str) -> AliasFormat:
    """The compiled format of a text; raise `InvalidInput` if it is none."""
    return AliasFormat(source)


def split_arrays(parameters: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Turn text for array parameters into lists, at commas; JSON lists stay text for the usual casting."""
    return {
        name: [item.strip() for item in value.split(",")]
        if isinstance(value, str)
        and schemas.get(name, {}).get("type") == "array"
        and not value.lstrip().startswith("[")
        else value
        for name, value in parameters.items()
    }


def _anchored(pattern: str) -> str:
    start = "" if pattern.lstrip().startswith("^") else r"^\s*"
    end = "" if re.search(r"(?<!\\)(?:\\\\)*\$\s*$", pattern) else r"\s*$"
    return f"{start}{pattern}{end}"


def _without_pairs(command: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The command, then what is left of it with one, two, … pairs taken off its end, and those pairs."""
    pairs: dict[str, str] = {}
    yield command, pairs
    while len(pairs) < _MOST_PAIRS and (match := _PAIR.search(command.rstrip())):
        pairs = {match["key"]: _unquoted(match["value"]), **pairs}
        command = command[: match.start()].rstrip()
        yield command, pairs


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text

"""Regular expressions that people give, held against text that others send: never for longer than a second.

Python's own engine may take years over forty characters, and stops all threads meanwhile. It is used for expressions
that leave it next to no choice; for all others the package `regex`, which works without the interpreter's lock and
gives up when it is told to. What an expression means is the same in both, and what `re` does not accept is refused.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from st2lite.models.errors import InvalidInput

LIMIT = 1.0
"""Seconds that a match may take."""
_CHOICES = re.compile(r"[*+?{|]")
_SHORT = 2000
"""Characters of a text over which an expression with one choice takes milliseconds at worst."""
_LEAST = 0.001
_SHOWN = 100


class SlowPattern(InvalidInput, ValueError):
    """A regular expression took longer over a text than it may."""


class Pattern:
    """A compiled regular expression; raises `re.error` if it is none. `compile_pattern` keeps them."""

    def __init__(self, source: str, flags: int = 0) -> None:
        self.source = source
        self._quick = re.compile(source, flags)
        self._flags = flags
        self._is_plain = len(_CHOICES.findall(source)) <= 1

    def search(self, text: str, limit: float | None = None) -> re.Match[str] | None:
        """The first match anywhere; like all methods, raise `SlowPattern` after `limit` seconds (`LIMIT`)."""
        found: re.Match[str] | None = self._run("search", text, limit)
        return found

    def match(self, text: str, limit: float | None = None) -> re.Match[str] | None:
        """The match at the beginning."""
        found: re.Match[str] | None = self._run("match", text, limit)
        return found

    def all(self, text: str, limit: float | None = None) -> list[re.Match[str]]:
        """All matches that do not overlap."""
        matches: list[re.Match[str]] = self._run("finditer", text, limit)
        return matches

    def findall(self, text: str, limit: float | None = None) -> list[Any]:
        """What `re.findall` gives: the text of each match, or its groups."""
        return list(self._run("findall", text, limit))

    def sub(self, replacement: str, text: str, limit: float | None = None) -> str:
        """The text with every match replaced."""
        return str(self._run("sub", text, limit, replacement))

    def _run(self, method: str, text: str, limit: float | None, *arguments: str) -> Any:
        try:
            if self._is_plain and len(text) <= _SHORT:
                found = getattr(self._quick, method)(*arguments, text)
            else:
                work = getattr(self._bounded, method)
                found = work(*arguments, text, timeout=max(LIMIT if limit is None else limit, _LEAST), concurrent=True)
            return list(found) if method == "finditer" else found
        except TimeoutError:
            raise SlowPattern(
                f'the regular expression "{_shorten(self.source)}" takes more than {LIMIT:g} s for a text of '
                f"{len(text)} characters; avoid repetitions within repetitions, as in (a+)+"
            ) from None

    @functools.cached_property
    def _bounded(self) -> Any:
        import regex

        try:
            return regex.compile(self.source, self._flags)
        except regex.error as error:
            raise InvalidInput(f'The regular expression "{_shorten(self.source)}" cannot be used: {error}.') from None


@functools.lru_cache(maxsize=2048)
def compile_pattern(source: str, flags: int = 0) -> Pattern:
    """The compiled expression; raise `re.error` if it is none."""
    return Pattern(source, flags)


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

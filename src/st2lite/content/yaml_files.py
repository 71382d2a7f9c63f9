"""Read YAML and JSON files of packs: safely, as JSON types only, with errors that name file, line and column."""

from __future__ import annotations

import functools
import json
import logging
import math
from pathlib import Path
from typing import Any

from st2lite.models.errors import ContentError

logger = logging.getLogger(__name__)

SUFFIXES = (".yaml", ".yml", ".json")
"""File names that metadata may have."""
LARGEST = 4 * 1024 * 1024
"""Bytes of a file; metadata written by people stays far below."""
_MAX_NODES = 1_000_000
"""Values in one file; more can only be a trap made of nested aliases."""


def load_file(path: Path) -> Any:
    """Content of a YAML or JSON file as JSON types; raise `ContentError`.

    Dates stay text, and keys that are no text become text. A key given twice is logged: the last one counts.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise ContentError(f"{path}: {size} bytes are too many; the most that is read is {LARGEST}")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ContentError(f"{path}: no such file") from None
    except OSError as error:
        raise ContentError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ContentError(f"{path}: not UTF-8 text (byte {error.start})") from None
    return parse(text, path)


def load_map(path: Path) -> dict[str, Any]:
    """Content of a file that holds a map; an empty file is an empty map."""
    content = load_file(path)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ContentError(f"{path}: expected a map of names to values, got {_kind(content)}")
    return content


def parse(text: str, path: Path) -> Any:
    """Parse the text of a file; see `load_file`."""
    try:
        content = _parse_json(text, path) if path.suffix == ".json" else _parse_yaml(text, path)
        return _plain(content, path, [_MAX_NODES])
    except RecursionError:
        raise ContentError(f"{path}: nested too deeply, or a value that contains itself") from None


def is_unicode(text: str) -> bool:
    """Tell whether a text can be encoded; half of a surrogate pair, as escapes and odd file names make it, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def dump(content: Any) -> str:
    """YAML text of a value, in block style and in the order of its keys."""
    import yaml

    text: str = yaml.safe_dump(content, default_flow_style=False, sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{text}"


def _parse_json(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ContentError(f"{path}, line {error.lineno}, column {error.colno}: {error.msg}") from None


def _parse_yaml(text: str, path: Path) -> Any:
    import yaml

    try:
        loader = _loader_class()(text)
        loader.path = path
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        context = f" ({error.context})" if error.context else ""
        raise ContentError(f"{path}{where}: {error.problem}{context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ContentError(f"{path}: {error}") from None


@functools.cache
def _loader_class() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """Safe loader that keeps dates as text and warns of keys given twice; `path` is the file it reads."""

        path: Path

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            given = [key.value for key, _ in node.value if isinstance(key.value, str)]
            if len(given) != len(set(given)):
                twice = next(key for position, key in enumerate(given) if key in given[:position])
                line = node.start_mark.line + 1
                logger.warning('%s, line %d: "%s" is given twice, the last one counts', self.path, line, twice)
            return super().construct_mapping(node, deep)

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    return Loader


def _plain(value: Any, path: Path, budget: list[int]) -> Any:
    budget[0] -= 1
    if budget[0] < 0:
        raise ContentError(f"{path}: more than {_MAX_NODES} values; aliases may have multiplied them")
    if isinstance(value, dict):
        return {_key(key, path): _plain(item, path, budget) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, path, budget) for item in value]
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, float) and not math.isfinite(value):
        raise ContentError(f"{path}: the number {value} cannot be written as JSON; use a finite one")
    if value is None or isinstance(value, (bool, int, float)):
        return value
    raise ContentError(f"{path}: a value of type {_kind(value)} cannot be used; write text, numbers, lists and maps")


def _text(text: str, path: Path) -> str:
    if not is_unicode(text):
        raise ContentError(f"{path}: the text {text!r} holds half of a surrogate pair, which is not valid Unicode")
    return text


def _key(key: Any, path: Path) -> str:
    if isinstance(key, str):
        return _text(key, path)
    if key is None or isinstance(key, (bool, int, float)):
        return json.dumps(key)
    raise ContentError(f"{path}: {key!r} cannot be a key; write text")


def _kind(value: Any) -> str:
    return {"list": "a list", "str": "text", "dict": "a map"}.get(type(value).__name__, type(value).__name__)

"""Turning the words after an action's name into its parameters.

``name=value`` sets a parameter, ``@name=path`` sets it to the content of a file, and a word without ``=`` begins a
shell command that takes the rest of the line (parameter ``cmd``). The type that the runner or the action declares
decides how a value is read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from st2client.errors import UsageError
from st2client.settings import FALSE_WORDS, TRUE_WORDS

Schema = Mapping[str, Any]
Schemas = Mapping[str, Schema]

#: Parts of the caller's environment that belong to the caller's machine or session.
_NOT_INHERITED = frozenset(
    (
        *("pwd", "mail", "username", "user", "path", "home", "ps1", "shell", "pythonpath", "ssh_tty"),
        *("ssh_connection", "lang", "ls_colors", "logname", "oldpwd", "term", "xdg_session_id"),
        # Ours: credentials of the caller must not travel to the hosts that actions run on.
        *("st2_auth_token", "st2_api_key"),
    )
)


def parse(
    words: Sequence[str],
    runner_parameters: Schemas,
    action_parameters: Schemas,
    action_ref: str = "",
    auto_dict: bool = False,
) -> dict[str, Any]:
    """Return the parameters that words on the command line stand for.

    :param words: as described above.
    :param runner_parameters: declared by the runner; they win over the action's of the same name.
    :param auto_dict: make one object of an array whose items all look like ``name:value``.
    :raises UsageError: a value does not fit its declared type, or a file cannot be read.
    """
    result: dict[str, Any] = {}
    schemas = {**action_parameters, **runner_parameters}
    for position, word in enumerate(words):
        name, equals, text = word.partition("=")
        if not equals:
            result["cmd"] = " ".join(words[position:])
            break
        if name.startswith("@"):
            _set_file(result, name[1:], text, action_ref)
            continue
        value = cast(name, text, schemas.get(name, {}), action_parameters, auto_dict)
        if isinstance(value, list) and isinstance(result.get(name), list):
            result[name] = result[name] + value
        else:
            result[name] = value
    return result


def cast(name: str, text: str, schema: Schema, action_parameters: Schemas, auto_dict: bool = False) -> Any:
    """Read a value as the type its schema declares; without a type it stays text.

    :raises UsageError: it does not fit.
    """
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    failure = UsageError(f'Parameter "{name}" has no type')
    for candidate in kinds:
        try:
            if candidate == "array":
                return _array(name, text, action_parameters.get(name, schema), auto_dict)
            return _CASTS.get(candidate or "string", str)(text)
        except ValueError:
            failure = UsageError(
                f'Parameter "{name}" must be of type {candidate}, got "{text}"',
                hint=_EXPECTED.get(candidate or "", "").format(name=name),
            )
    raise failure


def inherited_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that makes sense on another machine."""
    return {name: value for name, value in environ.items() if name.lower() not in _NOT_INHERITED}


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word in TRUE_WORDS or word in FALSE_WORDS:
        return word in TRUE_WORDS
    raise ValueError(text)


def _object(text: str) -> dict[str, Any]:
    if text.lstrip().startswith("{"):
        value = json.loads(text)
        if not isinstance(value, dict):
            raise ValueError(text)
        return value
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError(text)
    return {key.strip(): value for key, _, value in pairs}


def _array(name: str, text: str, schema: Schema, auto_dict: bool) -> list[Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = [item.strip() for item in text.split(",")] if text else []
    items: list[Any] = value if isinstance(value, list) else [value] if isinstance(value, int) else [text]
    if auto_dict and items and all(isinstance(item, str) and ":" in item for item in items):
        return [_object_of_items(name, items, schema)]
    wanted = (schema.get("items") or {}).get("type")
    if wanted in ("integer", "number", "boolean") and all(isinstance(item, str) for item in items):
        return [_CASTS[wanted](item) for item in items]
    return items


def _object_of_items(name: str, items: Iterable[str], schema: Schema) -> dict[str, Any]:
    declared: Schemas = schema.get("properties") or (schema.get("items") or {}).get("properties") or {}
    pairs = (item.split(":", 1) for item in items)
    return {key: cast(f"{name}.{key}", value, declared.get(key, {}), declared) for key, value in pairs}


def _set_file(result: dict[str, Any], name: str, file_path: str, action_ref: str) -> None:
    content = _read(file_path)
    if action_ref != "core.http":
        result[name] = content
        return
    # The HTTP runner takes a file's content and name in parameters of their own.
    result["file_content"] = content
    result.setdefault("method", "POST")
    result.setdefault("file_name", os.path.basename(file_path))


def _read(file_path: str) -> str:
    path = os.path.expanduser(file_path)
    if not os.path.exists(path):
        raise UsageError(f'File "{file_path}" doesn\'t exist')
    if not os.path.isfile(path):
        raise UsageError(f'"{file_path}" is not a file')
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise UsageError(f'File "{file_path}" is not UTF-8 text; only text can be sent') from error
    except OSError as error:
        raise UsageError(f'File "{file_path}" cannot be read: {error.strerror}') from error


_CASTS: dict[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "integer": int,
    "number": float,
    "object": _object,
    "string": str,
}

_EXPECTED = {
    "boolean": "Use {name}=true or {name}=false.",
    "integer": "Use a whole number, such as {name}=3.",
    "number": "Use a number, such as {name}=1.5.",
    "object": 'Use JSON, such as {name}=\'{{"key": "value"}}\', or {name}=key1=value1,key2=value2.',
    "array": "Use JSON, such as {name}='[1, 2]', or items separated by commas.",
}

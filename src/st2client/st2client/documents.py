"""Reading the JSON and YAML files that users give to commands."""

from __future__ import annotations

import json
import os
from typing import Any

from st2client.errors import UsageError

_EXTENSIONS = (".json", ".yaml", ".yml")


def load_file(path: str) -> Any:
    """Read a file; its extension says whether it is JSON or YAML.

    :raises UsageError: it does not exist, has another extension, or does not parse.
    """
    if not os.path.isfile(path):
        raise UsageError(f'File "{path}" does not exist.')
    extension = os.path.splitext(path)[1].lower()
    if extension not in _EXTENSIONS:
        raise UsageError(
            f'Unsupported meta type "{extension}" of file "{path}".', hint=f"Allowed: {', '.join(_EXTENSIONS)}"
        )
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f'File "{path}" cannot be read: {error}') from error
    return parse(text, extension, path)


def load_object(path: str, noun: str) -> dict[str, Any]:
    """As :func:`load_file`, for a file that must hold one object."""
    data = load_file(path)
    if not isinstance(data, dict):
        raise UsageError(f'File "{path}" must hold one {noun} (a mapping of names to values).')
    return data


def parse(text: str, extension: str, path: str) -> Any:
    """Parse the text of a file with that extension."""
    if extension == ".json":
        try:
            return json.loads(text)
        except ValueError as error:
            raise UsageError(f'File "{path}" is not valid JSON: {error}') from error
    import yaml

    from st2client.output.structured import load_yaml

    try:
        return load_yaml(text)
    except yaml.YAMLError as error:
        raise UsageError(f'File "{path}" is not valid YAML: {error}') from error


def parse_json_argument(text: str, option: str) -> Any:
    """Parse JSON given on the command line."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"The value of {option} is not valid JSON: {error}") from error

"""Reading st2.conf, environment twins and overrides into a `Config`.

Order, later wins: defaults, the file, environment variables `ST2_<SECTION>__<OPTION>` (two underscores), overrides
given by the caller (command line flags, standalone mode).
"""

from __future__ import annotations

import configparser
import dataclasses
import difflib
import os
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from st2lite.config.option import parse_value
from st2lite.config.schema import IGNORED, RENAMED, Config
from st2lite.models.errors import ConfigError

DEFAULT_PATH = Path("/etc/st2/st2.conf")
PATH_VARIABLE = "ST2_CONFIG_PATH"

_SECTIONS: dict[str, Any] = typing.get_type_hints(Config)


@dataclasses.dataclass
class Loaded:
    """A configuration and what was odd about its sources; `problems` make it unusable, `warnings` do not."""

    config: Config
    problems: list[str] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)


def config_path(given: str | None = None) -> Path:
    """The file to read: the one given, else the one of `ST2_CONFIG_PATH`, else /etc/st2/st2.conf."""
    return Path(given or os.environ.get(PATH_VARIABLE) or DEFAULT_PATH)


def read_file(path: Path) -> dict[str, dict[str, str]]:
    """Return the sections of an INI file as they are written; raise `ConfigError` when it cannot be read or parsed."""
    parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names are reported as they are written
    try:
        with path.open(encoding="utf-8") as stream:
            parser.read_file(stream)
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist. Give another file with --config-file or {PATH_VARIABLE}.") from None
    except PermissionError:
        raise ConfigError(f"{path} cannot be read by this user. Run as the service's user or root.") from None
    except IsADirectoryError:
        raise ConfigError(f"{path} is a directory. Give the file in it.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text (byte {error.start}).") from None
    except configparser.Error as error:
        raise ConfigError(
            f"{path}, line {_line_of(error)}: neither a [section] nor an option = value in one."
        ) from None
    return {section: dict(parser.items(section)) for section in parser.sections()}


def _line_of(error: configparser.Error) -> int:
    """The first faulty line. Its text is not repeated: it may be a secret, and the file may be none of ours at all."""
    if isinstance(error, configparser.MissingSectionHeaderError):
        return error.lineno
    return int(error.errors[0][0]) if isinstance(error, configparser.ParsingError) else 0


def build(
    values: Mapping[str, Mapping[str, str]],
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Loaded:
    """Make a `Config` of texts by section and option; collects every problem instead of stopping at the first."""
    loaded = Loaded(Config())
    environ = os.environ if environ is None else environ
    values = _by_first_name(values)
    for section in values:
        if section not in _SECTIONS and section not in IGNORED:
            loaded.warnings.append(f"[{section}]: no such section{_nearest(section, _SECTIONS)}; it is ignored.")
    built = {}
    for section, kind in _SECTIONS.items():
        hints = typing.get_type_hints(kind)
        fields = {field.name: field for field in dataclasses.fields(kind)}
        chosen: dict[str, Any] = {}
        for name, text in values.get(section, {}).items():
            if name in fields:
                _parse_into(chosen, loaded, section, fields[name], hints[name], text)
            elif name not in IGNORED.get(section, ()):
                loaded.warnings.append(f"[{section}] {name}: no such option{_nearest(name, fields)}; it is ignored.")
        for name, field in fields.items():
            twin = environ.get(f"ST2_{section}__{name}".upper())
            if twin is not None:
                _parse_into(chosen, loaded, section, field, hints[name], twin)
        chosen.update((overrides or {}).get(section, {}))
        built[section] = kind(**chosen)
    loaded.config = Config(**built)
    return loaded


def _by_first_name(values: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """Sections under their first names; where a file has both, what stands under the first one wins."""
    named = {section: options for section, options in values.items() if section not in RENAMED}
    for second, first in RENAMED.items():
        if second in values:
            named[first] = {**values[second], **named.get(first, {})}
    return named


def load(path: Path | None, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> Config:
    """Return the configuration; raise one `ConfigError` that lists every problem."""
    loaded = build(read_file(path) if path else {}, overrides)
    if loaded.problems:
        where = str(path) if path else "environment"
        raise ConfigError("\n".join([f"{where}: {len(loaded.problems)} problem(s):", *loaded.problems]))
    return loaded.config


def _parse_into(
    chosen: dict[str, Any], loaded: Loaded, section: str, field: dataclasses.Field[Any], kind: Any, text: str
) -> None:
    try:
        chosen[field.name] = parse_value(section, field, kind, text)
    except ConfigError as error:
        loaded.problems.append(error.message)


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    match = difflib.get_close_matches(name, known, 1)
    return f' (did you mean "{match[0]}"?)' if match else ""

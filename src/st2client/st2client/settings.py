"""Where the client's settings come from: the file ``~/.st2/config`` and the environment.

The file is INI. Every option is listed once, in :data:`OPTIONS`, with its type and default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from st2client.errors import ConfigError

Options = dict[str, dict[str, Any]]

#: section -> option -> (type, default)
OPTIONS: dict[str, dict[str, tuple[type, Any]]] = {
    "general": {
        "base_url": (str, None),
        "api_version": (str, None),
        "cacert": (str, None),
        "silence_ssl_warnings": (bool, False),
        "silence_schema_output": (bool, True),
    },
    "cli": {"debug": (bool, False), "cache_token": (bool, True), "timezone": (str, "UTC")},
    "credentials": {
        "username": (str, None),
        "password": (str, None),
        "api_key": (str, None),
        "basic_auth": (str, None),
    },
    "api": {"url": (str, None)},
    "auth": {"url": (str, None)},
    "stream": {"url": (str, None)},
}

TRUE_WORDS = frozenset(("true", "1", "t", "y", "yes", "on"))
FALSE_WORDS = frozenset(("false", "0", "f", "n", "no", "off"))


def config_directory() -> str:
    """The client's own directory, ``~/.st2``: configuration and cached tokens."""
    return os.path.join(os.path.expanduser("~"), ".st2")


def config_path(given: str | None, environ: Mapping[str, str] = os.environ, must_exist: bool = True) -> str:
    """Return the configuration file to use.

    :param given: path from ``--config-file``; then ``ST2_CONFIG_FILE``, then ``~/.st2/config``.
    :param must_exist: whether a file that was asked for by name must be there.
    :raises ConfigError: a file that was asked for by name does not exist (the default one may be missing).
    """
    default = os.path.join(config_directory(), "config")
    path = os.path.abspath(os.path.expanduser(given or environ.get("ST2_CONFIG_FILE") or default))
    if must_exist and path != default and not os.path.isfile(path):
        raise ConfigError(
            f'Config "{path}" not found',
            hint="Check --config-file and ST2_CONFIG_FILE, or create the file with: st2 login <user>",
        )
    return path


def defaults() -> Options:
    """Every option with its default value."""
    return {section: {name: default for name, (_, default) in names.items()} for section, names in OPTIONS.items()}


def load(path: str | None) -> Options:
    """Read the configuration file into ``section -> option -> value``; ``None`` or a missing file gives defaults.

    :raises ConfigError: the file cannot be read, is not INI, or a yes/no option holds something else.
    """
    options = defaults()
    if path is None or not os.path.isfile(path):
        return options
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except (configparser.Error, UnicodeDecodeError) as error:
        raise ConfigError(f'Config "{path}" is not a valid INI file: {error}') from error
    except OSError as error:
        raise ConfigError(f'Config "{path}" cannot be read: {error.strerror}') from error
    for section, names in OPTIONS.items():
        for name, (kind, _) in names.items():
            if parser.has_option(section, name):
                options[section][name] = _convert(parser.get(section, name), kind, f"{section}.{name}", path)
    return options


def _convert(text: str, kind: type, name: str, path: str) -> Any:
    if kind is not bool:
        return text
    word = text.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ConfigError(f'Config "{path}": {name} must be true or false, not "{text}"')


def parse_cacert(value: str | bool | None) -> str | bool | None:
    """Turn a ``cacert`` setting into a path, or into True (verify) or False (do not verify) for words meaning so."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    return value or None

"""Write the file of variables that install.sh hands to Ansible, and remember for the next run what it was told.

Runs with the installer's virtualenv (PyYAML). Options come as pairs of name and value, each ended by a NUL, in a file:
no secret is an argument. A name that starts with ! is for this run alone. The order of precedence is: what was
remembered, --file, the options.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import yaml

_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "proxy_ca_bundle_path")
_HEADER = "# What install.sh was told, for its next runs; may be edited. docs/how-to/install.md names the variables.\n"


def read(path: Path) -> dict[str, object]:
    """Return the variables in the YAML file at `path`."""
    try:
        found = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        sys.exit(f"{path} is not YAML: {error}")
    if found is not None and not (isinstance(found, dict) and all(isinstance(name, str) for name in found)):
        sys.exit(f"{path} has to hold variables and their values, like st2_log_level: DEBUG")
    return found or {}


def options(path: Path) -> dict[str, object]:
    """Return the pairs in the file at `path`; values are YAML, except for texts that could only be taken for it."""
    words = path.read_bytes().decode().split("\0")[:-1]
    return {name: _value(name, text) for name, text in zip(words[::2], words[1::2], strict=True)}


def _value(name: str, text: str) -> object:
    if name.lstrip("!").endswith(("password", "uri", "user", "username")):
        return text.rstrip("\n")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def write(path: Path, variables: dict[str, object], header: str = "") -> None:
    """Put `variables` into the file at `path`, mode 0600, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(header + yaml.safe_dump(variables, allow_unicode=True))
    draft.replace(path)


def main() -> None:
    """Merge, remember, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--remembered", type=Path, required=True)
    parser.add_argument("--forget", action="store_true", help="this run is not remembered")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--options", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    words = parser.parse_args()
    before = read(words.remembered) if words.remembered.exists() else {}
    kept = dict(before)
    proxies = {name: os.environ[name] for name in _PROXIES if os.environ.get(name)}
    if proxies:
        kept["st2_proxy_env"] = proxies
    if words.file:
        kept.update(read(words.file))
    given = options(words.options)
    kept.update({name: value for name, value in given.items() if not name.startswith("!")})
    if not words.forget and (kept != before or not words.remembered.exists()):
        write(words.remembered, kept, _HEADER)
    write(words.output, kept | {name[1:]: value for name, value in given.items() if name.startswith("!")})


if __name__ == "__main__":
    main()

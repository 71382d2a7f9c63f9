"""st2-validate-config: says what is wrong in st2.conf and how to mend it."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import typing
from collections.abc import Callable
from pathlib import Path

from st2lite.config.load import Loaded, build, config_path, read_file
from st2lite.config.schema import Config
from st2lite.config.urls import database_url
from st2lite.messaging.open import open_bus
from st2lite.models.errors import ConfigError, St2liteError
from st2lite.policies.open import open_locks
from st2lite.rendering.crypto import KeyRing
from st2lite.storage.open import open_store

_EPILOG = """\
exit codes: 0 all is well, 1 something would not work, 2 the file cannot be read
"""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="st2-validate-config", description="Check st2.conf: names, values, files it points to.", epilog=_EPILOG
    )
    parser.add_argument("--config-file", metavar="FILE", help="the file to check (default /etc/st2/st2.conf)")
    parser.add_argument("--list-options", action="store_true", help="print every option with its default and help")
    options = parser.parse_args(argv)
    if options.list_options:
        print(reference())
        return 0
    path = config_path(options.config_file)
    try:
        loaded = build(read_file(path))
    except ConfigError as error:
        print(f"st2-validate-config: {error.message}", file=sys.stderr)
        return 2
    if not loaded.problems:
        loaded.problems.extend(_missing_files(loaded.config))
        loaded.problems.extend(_unusable(loaded.config))
    return _report(path, loaded)


def reference() -> str:
    """All options as a commented st2.conf."""
    lines = []
    for section, kind in typing.get_type_hints(Config).items():
        lines.append(f"[{section}]")
        for field in dataclasses.fields(kind):
            value = getattr(kind(), field.name)
            choices = field.metadata["choices"]
            lines.append(f"# {field.metadata['help']}" + (f" One of: {', '.join(choices)}." if choices else ""))
            shown = _pairs(value) if field.metadata["pairs"] else _text(value)
            lines.append(f"# {field.name} = {shown}")
        lines.append("")
    return "\n".join(lines)


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(value)
    if isinstance(value, dict):
        import json

        return json.dumps(value)
    return "" if value is None else str(value)


def _pairs(value: dict[str, str]) -> str:
    return ", ".join(f"{name}:{text}" for name, text in value.items())


def _missing_files(config: Config) -> list[str]:
    """Check the files and directories that the configuration points to."""
    problems = []
    if config.auth.enable and config.auth.mode == "standalone" and config.auth.backend == "flat_file":
        path = config.auth.backend_kwargs.get("file_path")
        if not path or not isinstance(path, str):
            problems.append('[auth] backend_kwargs: flat_file needs a file; write {"file_path": "/etc/st2/htpasswd"}.')
        elif not Path(path).is_file():
            problems.append(
                f"[auth] backend_kwargs: {path} does not exist; "
                f"create it with: st2lite set-password --file {path} st2admin"
            )
    key = config.keyvalue.encryption_key_path
    if key and not Path(key).is_file():
        problems.append(
            f"[keyvalue] encryption_key_path: {key} does not exist; "
            f"create it with: st2-generate-symmetric-crypto-key --key-path {key}"
        )
    if not Path(config.system.base_path).is_dir():
        problems.append(
            f"[system] base_path: {config.system.base_path} is not a directory; create it or correct the path."
        )
    directory = config.log.directory
    if directory and not Path(directory).is_dir():
        problems.append(f"[log] directory: {directory} is not a directory; create it or leave the option empty.")
    return problems


def _unusable(config: Config) -> list[str]:
    """Open what the configuration names, as far as that connects to nothing."""

    def load_key() -> None:
        path = config.keyvalue.encryption_key_path
        if path and Path(path).is_file():
            KeyRing.load(Path(path))

    def open_coordination() -> None:
        if config.coordination.url:
            open_locks(config.coordination.url, config.coordination.lock_timeout).close()

    checks: dict[str, Callable[[], object]] = {
        "[database] host": lambda: open_store(database_url(config)).close(),
        "[messaging] url": lambda: open_bus(config.messaging.url, config.messaging.cluster_urls).close(),
        "[coordination] url": open_coordination,
        "[keyvalue] encryption_key_path": load_key,
    }
    problems = []
    for option, check in checks.items():
        try:
            check()
        except St2liteError as error:
            problems.append(error.message if error.message.startswith("[") else f"{option}: {error.message}")
    return problems


def _report(path: Path, loaded: Loaded) -> int:
    for warning in loaded.warnings:
        print(f"warning: {warning}")
    for problem in loaded.problems:
        print(f"problem: {problem}")
    if loaded.problems:
        print(f"{path}: {len(loaded.problems)} problem(s), {len(loaded.warnings)} warning(s).")
        return 1
    print(f"{path}: no problems, {len(loaded.warnings)} warning(s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Backing up and restoring an installation that a configuration describes."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from st2lite.config.load import config_path, load
from st2lite.config.schema import Config
from st2lite.models.errors import InvalidInput
from st2lite.models.execution import Execution
from st2lite.models.rule import Rule
from st2lite.models.service import ServiceMember
from st2lite.services.backup.archive import Report, open_backup, write_backup
from st2lite.services.backup.places import places_of
from st2lite.services.context import AppContext
from st2lite.services.standalone import standalone_config, take_lock


@dataclass(frozen=True)
class Installation:
    """An installation: its configuration, the file of that, and for standalone the data directory."""

    config: Config
    config_file: Path | None = None
    data_dir: Path | None = None

    @property
    def places(self) -> dict[str, Path]:
        return places_of(self.config, self.config_file, self.data_dir)


def installation(config_file: str | None, data_dir: Path | None) -> Installation:
    """The installation of a data directory of standalone, or of an st2.conf (None: the usual one)."""
    if data_dir is None:
        path = config_path(config_file)
        return Installation(load(path), path)
    data_dir = data_dir.expanduser().resolve()
    return Installation(standalone_config(data_dir, "127.0.0.1", 9101, []), None, data_dir)


def back_up(where: Installation, path: Path, force: bool, report: Report) -> None:
    """Write the state of an installation into a file; `force` replaces one that exists."""
    if path.exists() and not force:
        raise InvalidInput(f"{path} exists already. Name another file, or replace it with --force.")
    if where.data_dir is not None and not (where.data_dir / "st2lite.db").exists():
        raise InvalidInput(f"--data-dir: there is no st2lite in {where.data_dir}.")
    context = AppContext(where.config)
    try:
        write_backup(path.resolve(), context.store, where.places, report)
    finally:
        context.close()


def restore(where: Installation, path: Path, force: bool, report: Report) -> dict[str, Any]:
    """Replace the state of an installation that is stopped; return what the backup says of itself.

    Raises `InvalidInput` while services run, and without `force` when there are executions or rules.
    """
    with ExitStack() as stack:
        backup = stack.enter_context(open_backup(path))
        if where.data_dir is not None:
            where.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            stack.enter_context(take_lock(where.data_dir))
        context = AppContext(where.config)
        stack.callback(context.close)
        context.store.ensure_schema()
        _check_idle(context)
        if not force and (context.store.count(Execution) or context.store.count(Rule)):
            raise InvalidInput("There are executions or rules in the store: to replace them give --force.")
        # Files first: without the key that encrypted them, values in the store are worth nothing.
        backup.restore_files(where.places, report)
        backup.restore_store(context.store, report)
        return backup.manifest


def _check_idle(context: AppContext) -> None:
    running = {member.group for member in context.store.find(ServiceMember) if member.expires > time.time()}
    if running:
        raise InvalidInput(f"{', '.join(sorted(running))} run: stop them first (st2ctl stop), so that nothing is lost.")

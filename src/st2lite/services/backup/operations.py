"""Backing up and restoring an installation that a configuration describes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from st2lite.models.errors import InvalidInput
from st2lite.models.execution import Execution
from st2lite.models.rule import Rule
from st2lite.services.backup.archive import Report, open_backup, write_backup
from st2lite.services.backup.places import places_of
from st2lite.services.context import AppContext
from st2lite.services.idle import stopped
from st2lite.services.installation import Installation


def back_up(where: Installation, path: Path, force: bool, report: Report) -> None:
    """Write the state of an installation into a file; `force` replaces one that exists."""
    if path.exists() and not force:
        raise InvalidInput(f"{path} exists already. Name another file, or replace it with --force.")
    where.require()
    context = AppContext(where.config)
    try:
        write_backup(path.resolve(), context.store, places_of(where), report)
    finally:
        context.close()


def restore(
    where: Installation, path: Path, force: bool, report: Report, documents_only: bool = False
) -> dict[str, Any]:
    """Replace the state of an installation that is stopped; return what the backup says of itself.

    `force` also replaces what a newer release has written. Raises `InvalidInput` while services run, and without
    `force` when there are executions or rules; `StoreUnavailable` without `force` when the store is newer.
    """
    with open_backup(path) as backup:
        if where.data_dir is not None:
            where.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with stopped(where, old_schema=force) as context:
            if not force and (context.store.count(Execution) or context.store.count(Rule)):
                raise InvalidInput("There are executions or rules in the store: to replace them give --force.")
            # Files first: without the key that encrypted them, values in the store are worth nothing.
            if not documents_only:
                backup.restore_files(places_of(where), report)
            backup.restore_store(context.store, report)
            return backup.manifest

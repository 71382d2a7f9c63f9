"""Backing up and restoring an installation that a configuration describes."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from st2lite.models.errors import InvalidInput
from st2lite.models.execution import Execution
from st2lite.models.rule import Rule
from st2lite.models.service import ServiceMember
from st2lite.services.backup.archive import Report, open_backup, write_backup
from st2lite.services.backup.places import places_of
from st2lite.services.context import AppContext
from st2lite.services.installation import Installation
from st2lite.services.standalone import take_lock


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
        backup.restore_files(places_of(where), report)
        backup.restore_store(context.store, report)
        return backup.manifest


def _check_idle(context: AppContext) -> None:
    running = {member.group for member in context.store.find(ServiceMember) if member.expires > time.time()}
    if running:
        raise InvalidInput(f"{', '.join(sorted(running))} run: stop them first (st2ctl stop), so that nothing is lost.")

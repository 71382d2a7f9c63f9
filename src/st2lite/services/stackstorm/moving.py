"""The whole move: files, registration, then the objects of the database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from st2lite.config.schema import Config
from st2lite.config.urls import coordination_url
from st2lite.rendering.crypto import KeyRing
from st2lite.services.context import AppContext
from st2lite.services.stackstorm.importer import Importer
from st2lite.services.stackstorm.packs import copy_packs, fetch_packs
from st2lite.services.stackstorm.report import Report
from st2lite.services.stackstorm.sources import Source


def move_in(
    config: Config, source: Source, files: Path | None, datastore_key: Path | None, say: Callable[[str], None]
) -> Report:
    """Import everything; nothing is written before the source and the keys could be opened."""
    report = Report()
    theirs = KeyRing.load(datastore_key) if datastore_key else None
    context = AppContext(config)
    try:
        context.connect()
        base = Path(config.system.base_path)
        say("packs and configurations")
        if files is not None:
            copy_packs(files, base, report)
        else:
            fetch_packs(source, context.locations, base, report)
        coordinated = coordination_url(config) is not None
        context.registrar.register(fail_on_failure=False)
        say("rules, policies, aliases, datastore, API keys and users")
        ours = context.keyring
        Importer(context.store, context.triggers, theirs, ours, coordinated, report).run(source)
    finally:
        context.close()
    return report

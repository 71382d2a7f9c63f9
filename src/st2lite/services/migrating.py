"""Bringing the documents of an installation to the form that this release reads."""

from __future__ import annotations

from st2lite.services.context import AppContext
from st2lite.services.idle import stopped
from st2lite.services.installation import Installation
from st2lite.storage.contract import Store
from st2lite.storage.migrations import rewritten
from st2lite.storage.open import document_classes


def outdated(where: Installation) -> list[str]:
    """What of the stored documents has to be rewritten, a line each; raise `StoreUnavailable` if they are newer."""
    where.require()
    context = AppContext(where.config)
    try:
        return _outdated(context.store)
    finally:
        context.close()


def migrate(where: Installation) -> list[str]:
    """Rewrite it and return what it was; raise `InvalidInput` while services run, which would write old documents."""
    where.require()
    with stopped(where, old_schema=True) as context:
        lines = _outdated(context.store)
        context.store.ensure_schema()
        return lines


def _outdated(store: Store) -> list[str]:
    return rewritten(store.schema(), [kind.collection for kind in document_classes()])

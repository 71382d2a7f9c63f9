"""What was registered before: sources of content that have not changed since need not be read again."""

from __future__ import annotations

from st2lite.content.upsert import upsert
from st2lite.models.pack import Registration
from st2lite.storage.contract import Equal, Store


class Ledger:
    """The last registration of each source, which is `runners`, `triggers` or `pack:<ref>`."""

    def __init__(self, store: Store, trusted: bool) -> None:
        """Unless `trusted`, nothing counts as registered."""
        self._store = store
        self._known = {known.id: known for known in store.find(Registration)} if trusted else {}

    def counts(self, source: str, fingerprint: str) -> dict[str, int] | None:
        """How many objects of each kind a source holds that has not changed; None if it has to be read."""
        known = self._known.get(source)
        return known.counts if known and known.fingerprint == fingerprint else None

    def note(self, source: str, fingerprint: str, counts: dict[str, int]) -> None:
        """Remember that all of a source was registered without a fault."""
        done = Registration(id=source, fingerprint=fingerprint, counts=counts)
        upsert(self._store, Registration, [done], lambda r: r.id, [Equal("id", source)])

"""A store that tells the other services when content is written.

Rules, triggers, sensors, policies, aliases and actions are kept in memory by those who use them all the time. Whoever
writes one, the API or a command that registers packs, announces it by writing it: nobody can forget to. API keys are
remembered, too: whoever changes one says so, and nothing of what it holds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import msgspec

from st2lite.messaging.contract import Bus, Stoppable
from st2lite.messaging.messages import ContentChanged, Message
from st2lite.models.access import ApiKey
from st2lite.models.action import Action, RunnerType
from st2lite.models.alias import ActionAlias
from st2lite.models.document import Document
from st2lite.models.errors import BusUnavailable, DamagedDocument
from st2lite.models.policy import Policy
from st2lite.models.rule import Rule
from st2lite.models.sensor import SensorType
from st2lite.models.trigger import Trigger, TriggerType
from st2lite.storage.cached import CachedStore
from st2lite.storage.contract import Filter, Store

logger = logging.getLogger(__name__)

CREATE, UPDATE, DELETE = "create", "update", "delete"

_WATCHED = (Rule, Trigger, TriggerType, SensorType, Policy, ActionAlias)
_REMEMBERED = (Action, RunnerType)
"""New ones are not announced: there may be thousands, and what is missing nobody remembers."""

_KINDS: dict[str, type[Document]] = {kind.collection.name: kind for kind in (*_WATCHED, *_REMEMBERED)}
_FORGOTTEN: dict[str, type[Document]] = {**_KINDS, ApiKey.collection.name: ApiKey}
_NOTHING = msgspec.Raw(b"{}")


class AnnouncingStore(CachedStore):
    """The cached store of a process: announces its writes of content on `open_bus()`, forgets what others wrote."""

    def __init__(self, store: Store, open_bus: Callable[[], Bus]) -> None:
        super().__init__(store)
        self._open_bus = open_bus

    def insert(self, document: Document) -> None:
        super().insert(document)
        self._announce(CREATE, document)

    def insert_many(self, documents: Sequence[Document]) -> None:
        super().insert_many(documents)
        for document in documents:
            self._announce(CREATE, document)

    def replace(self, document: Document) -> None:
        super().replace(document)
        self._announce(UPDATE, document)
        self._announce_key(UPDATE, type(document))

    def delete(self, kind: type[Document], identifier: str, rev: int | None = None) -> bool:
        known = self._known(kind, identifier)
        gone = super().delete(kind, identifier, rev)
        if gone and known is not None:
            self._announce(DELETE, known)
        if gone:
            self._announce_key(DELETE, kind)
        return gone

    def delete_many(self, kind: type[Document], filters: Sequence[Filter], limit: int = 1000) -> int:
        known = self.find(kind, filters, limit=limit) if kind.collection.name in _KINDS else []
        count = super().delete_many(kind, filters, limit)
        for document in known:
            self._announce(DELETE, document)
        if count:
            self._announce_key(DELETE, kind)
        return count

    def _known(self, kind: type[Document], identifier: str) -> Document | None:
        """What is to be announced when it is gone; nothing that cannot be read, which nobody keeps in memory."""
        try:
            return self.get(kind, identifier) if kind.collection.name in _KINDS else None
        except DamagedDocument:
            return None

    def watch(self) -> Stoppable:
        """Forget what other processes write as soon as they say so, not a second later."""
        return self._open_bus().subscribe((ContentChanged,), self._changed)

    def _announce(self, operation: str, document: Document) -> None:
        name = document.collection.name
        if name not in _KINDS or (operation == CREATE and isinstance(document, _REMEMBERED)):
            return
        self._publish(ContentChanged(name, operation, msgspec.Raw(msgspec.json.encode(document))))

    def _announce_key(self, operation: str, kind: type[Document]) -> None:
        if kind is ApiKey:
            self._publish(ContentChanged(kind.collection.name, operation, _NOTHING))

    def _publish(self, message: ContentChanged) -> None:
        try:
            self._open_bus().publish(message)
        except BusUnavailable as error:
            logger.info("Not announced (%s of %s): %s", message.operation, message.kind, error.message)

    def _changed(self, message: Message) -> None:
        if isinstance(message, ContentChanged) and message.kind in _FORGOTTEN:
            self.forget(_FORGOTTEN[message.kind])

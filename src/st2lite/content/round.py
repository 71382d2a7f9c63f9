"""One round of registering: what the kinds of content need of each other, and what becomes of faulty files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeVar

from st2lite.content.locations import PackLocations
from st2lite.content.metadata import NotSupported
from st2lite.content.overrides import Overrides
from st2lite.content.triggers import Triggers
from st2lite.models.action import RunnerType
from st2lite.models.errors import ContentError
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Described(Protocol):
    """A document that a metadata file describes."""

    name: str
    metadata_file: str


class Switched(Described, Protocol):
    """One that can be enabled and disabled."""

    enabled: bool


D = TypeVar("D", bound=Described)


class Round:
    """Shared by the steps of one round. `faults` counts what was left out; with `fail` a fault is raised instead.

    `coordinated` is whether services can agree on locks, which some policies need.
    """

    def __init__(
        self, store: Store, locations: PackLocations, triggers: Triggers, coordinated: bool, fail: bool
    ) -> None:
        self.store = store
        self.locations = locations
        self.triggers = triggers
        self.coordinated = coordinated
        self.faults = 0
        self._fail = fail
        self._overrides: dict[str, Overrides] = {}

    @cached_property
    def runners(self) -> dict[str, RunnerType]:
        """All registered runner types by name."""
        return {runner.name: runner for runner in self.store.find(RunnerType)}

    def read(self, read: Callable[[], T]) -> T | None:
        """What `read` returns; None if its file is faulty or not ours to read, and that shall not stop the rest.

        What is not supported yet is no fault: the rest of its pack works without it.
        """
        try:
            return read()
        except NotSupported as error:
            logger.warning("Left out: %s", error.message)
        except ContentError as error:
            self.give_up(error)
        except OSError as error:
            self.give_up(ContentError(f"{error.filename}: cannot be read: {error.strerror}"))
        return None

    def give_up(self, error: ContentError) -> None:
        """Leave something out, or stop the round by raising `error`."""
        if self._fail:
            raise error
        self.faults += 1
        logger.error("Not registered: %s", error.message)

    def read_all(self, files: Callable[[], list[Path]], read: Callable[[Path], D]) -> list[tuple[Path, D]]:
        """What `read` makes of each file; of two that describe the same thing, the second is a fault."""
        found: dict[str, tuple[Path, D]] = {}
        for path in self.read(files) or []:
            document = self.read(lambda path=path: read(path))  # type: ignore[misc]
            if document is None:
                continue
            if document.name in found:
                other = found[document.name][1].metadata_file
                self.give_up(ContentError(f'{path}: "{document.name}" is described in {other} already'))
                continue
            found[document.name] = path, document
        return list(found.values())

    def override(self, kind: str, pack: str, documents: Sequence[Switched]) -> int:
        """Enable and disable documents as the operator wants it; return how many that changes."""
        if pack not in self._overrides:
            read = self.read(lambda: Overrides(self.locations.overrides, pack))
            self._overrides[pack] = read or Overrides(None, pack)
        changed = 0
        for document in documents:
            enabled = self._overrides[pack].enabled(kind, document.name, document.enabled)
            changed += enabled is not document.enabled
            document.enabled = enabled
        return changed

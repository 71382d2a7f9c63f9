"""Chain files as they were when an execution of them began.

A running chain must not change with its file, and the next task may be chosen on a host that has not got the pack. So
each version of a chain is kept in the store once, and executions hold its id only.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from pathlib import Path

import msgspec

from st2lite.content.yaml_files import load_file
from st2lite.models.errors import Conflict, InvalidInput, NotFound
from st2lite.models.execution import Snapshot
from st2lite.storage.contract import Store
from st2lite.workflows.chain import Chain, read_chain

_CAPACITY = 256


class Definitions:
    """Reads chain files and keeps their versions. Safe to use from many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._files: dict[tuple[str, int, int], str] = {}
        self._chains: dict[str, Chain] = {}

    def load(self, path: Path) -> tuple[str, Chain]:
        """Return the id and the chain of a file; raise `InvalidInput` that tells what is wrong with it."""
        try:
            stat = path.stat()
        except OSError as error:
            raise InvalidInput(f'The chain file "{path}" cannot be read: {error.strerror}.') from None
        key = (str(path), stat.st_mtime_ns, stat.st_size)
        with self._lock:
            identifier = self._files.get(key)
        if identifier is not None:
            return identifier, self.get(identifier)
        try:
            chain = read_chain(load_file(path))
        except InvalidInput as error:
            named = error.message if str(path) in error.message else f"{path}: {error.message}"
            raise InvalidInput(f"The chain cannot be loaded: {named}") from None
        identifier = self._keep(chain)
        with self._lock:
            if len(self._files) >= _CAPACITY:
                self._files.clear()
            self._files[key] = identifier
        return identifier, chain

    def get(self, identifier: str) -> Chain:
        """Return a chain that was kept; raise `NotFound`."""
        with self._lock:
            chain = self._chains.get(identifier)
        if chain is None:
            snapshot = self._store.get(Snapshot, identifier)
            if snapshot is None:
                raise NotFound(f'The chain with id "{identifier}" is missing from the database.')
            chain = msgspec.json.decode(snapshot.content, type=Chain)
            self._remember(identifier, chain)
        return chain

    def _keep(self, chain: Chain) -> str:
        encoded = msgspec.json.encode(chain, order="sorted")
        identifier = hashlib.sha256(b"chain\0" + encoded).hexdigest()[:24]
        with contextlib.suppress(Conflict):  # this version was kept before, by this process or another
            self._store.insert(Snapshot(id=identifier, content=msgspec.Raw(encoded)))
        self._remember(identifier, chain)
        return identifier

    def _remember(self, identifier: str, chain: Chain) -> None:
        with self._lock:
            if len(self._chains) >= _CAPACITY:
                self._chains.clear()
            self._chains[identifier] = chain

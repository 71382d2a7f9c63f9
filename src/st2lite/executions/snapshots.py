"""Actions and runner types as they were when an execution was requested.

A snapshot is written once per content and read once per process: executions hold its id only.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections import OrderedDict
from typing import Any

import msgspec

from st2lite.models.action import Action, RunnerType
from st2lite.models.errors import Conflict, NotFound
from st2lite.models.execution import Execution, Snapshot
from st2lite.models.heads import head
from st2lite.storage.contract import Store

_CAPACITY = 512


def action_content(action: Action) -> dict[str, Any]:
    """An action as the API shows it."""
    return {
        **head(action),
        "enabled": action.enabled,
        "runner_type": action.runner_type,
        "entry_point": action.entry_point,
        "parameters": action.parameters,
        "output_schema": action.output_schema,
        "tags": action.tags,
        "notify": action.notify,
        "metadata_file": action.metadata_file,
    }


def runner_content(runner: RunnerType) -> dict[str, Any]:
    """A runner type as the API shows it."""
    return {
        "id": runner.id,
        "uid": runner.uid,
        "name": runner.name,
        "description": runner.description,
        "enabled": runner.enabled,
        "runner_package": runner.runner_package,
        "runner_module": runner.runner_module,
        "runner_parameters": runner.runner_parameters,
        "output_key": runner.output_key,
        "output_schema": runner.output_schema,
    }


class Origin:
    """The action and runner type of an execution, decoded, with the JSON that views embed as it is.

    `lost` marks one that was made up for want of a snapshot: its schemas, and so what is secret, are not known.
    """

    def __init__(self, action_json: msgspec.Raw, runner_json: msgspec.Raw, lost: bool = False) -> None:
        self.lost = lost
        self.action_json = action_json
        self.runner_json = runner_json
        self.action = msgspec.json.decode(action_json, type=Action)
        self.runner = msgspec.json.decode(runner_json, type=RunnerType)
        self.memo: dict[Any, Any] = {}
        """Room for what others derive from this pair and want to derive once (masks, projections)."""


class Snapshots:
    """Keeps and finds snapshots, with a cache that both directions share. Safe to use from many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._origins: OrderedDict[tuple[str, str], Origin] = OrderedDict()
        self._kept: OrderedDict[tuple[str, int], str] = OrderedDict()

    def keep_action(self, action: Action) -> str:
        """Return the id of the snapshot of this revision of an action, storing it if it is new."""
        return self._keep((action.id, action.rev), lambda: action_content(action))

    def keep_runner(self, runner: RunnerType) -> str:
        """Return the id of the snapshot of this revision of a runner type, storing it if it is new."""
        return self._keep((runner.id, runner.rev), lambda: runner_content(runner))

    def origin(self, execution: Execution) -> Origin:
        """Return what an execution was made of; raise `NotFound` if its snapshots are gone."""
        key = (execution.action_snapshot, execution.runner_snapshot)
        with self._lock:
            origin = self._origins.get(key)
            if origin is not None:
                self._origins.move_to_end(key)
                return origin
        origin = Origin(self._content(key[0]), self._content(key[1]))
        with self._lock:
            self._origins[key] = origin
            _shrink(self._origins)
        return origin

    def origin_to_show(self, execution: Execution) -> Origin:
        """Return what an execution was made of; as far as the execution itself tells if its snapshots are gone."""
        try:
            return self.origin(execution)
        except NotFound:
            pack, _, name = execution.action_ref.partition(".")
            runner = execution.runner_name
            action = {"ref": execution.action_ref, "name": name, "pack": pack, "runner_type": runner}
            runner_type = {"name": runner, "runner_module": ""}
            encode = msgspec.json.encode
            return Origin(msgspec.Raw(encode(action)), msgspec.Raw(encode(runner_type)), lost=True)

    def _keep(self, revision: tuple[str, int], content: Any) -> str:
        with self._lock:
            known = self._kept.get(revision)
        if known is not None:
            return known
        encoded = msgspec.json.encode(content(), order="sorted")
        identifier = hashlib.sha256(encoded).hexdigest()[:24]
        with contextlib.suppress(Conflict):  # the same content was kept before, by this process or another
            self._store.insert(Snapshot(id=identifier, content=msgspec.Raw(encoded)))
        with self._lock:
            self._kept[revision] = identifier
            _shrink(self._kept)
        return identifier

    def _content(self, identifier: str) -> msgspec.Raw:
        snapshot = self._store.get(Snapshot, identifier)
        if snapshot is None:
            raise NotFound(f'Snapshot "{identifier}" of an action or runner type is missing from the database.')
        return snapshot.content


def _shrink(cache: OrderedDict[Any, Any]) -> None:
    while len(cache) > _CAPACITY:
        cache.popitem(last=False)

"""Actions made, changed, copied and removed through the API, together with their files in the pack."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from st2lite.content.actions import make_action
from st2lite.content.locations import DEFAULT_PACK, PackLocations
from st2lite.content.packs import given_pack, list_files, refuse_protected
from st2lite.content.paths import inside, write_atomically
from st2lite.content.yaml_files import dump
from st2lite.models.action import WORKFLOW_RUNNERS, Action, RunnerType
from st2lite.models.errors import Conflict, ContentError, Forbidden, InvalidInput, StaleWrite
from st2lite.models.pack import Pack
from st2lite.storage.contract import Equal, Store, find_one
from st2lite.storage.lookups import find_now

_FILE_NAME = re.compile(r"[\w-][\w.-]*")


class ActionFiles:
    """Changes actions. What is written to disk stays inside the `actions` directory of the pack.

    `written(ref, path)` is called for each data file of an action, once both are stored.
    """

    def __init__(
        self, store: Store, locations: PackLocations, written: Callable[[str, Path], None] = lambda *_: None
    ) -> None:
        self._store = store
        self._locations = locations
        self._written = written

    def create(self, content: Mapping[str, Any]) -> Action:
        """Make an action from metadata, with `data_files` a list of `{file_path, content}`.

        Raise `InvalidInput` for faulty metadata, `Conflict` if there is an action of that reference.
        """
        pack = given_pack(content, DEFAULT_PACK)
        refuse_protected(pack)
        action, data_files = self._read(content, pack)
        existing = self._find(action.ref)
        if existing:
            raise Conflict(f'Action "{action.ref}" exists already.', existing.id)
        paths = self._write_data_files(action.pack, data_files)
        self._store.insert(action)
        self._announce(action, paths)
        return action

    def update(self, action: Action, content: Mapping[str, Any]) -> Action:
        """Give an action new metadata; its id stays. One of core can be enabled and disabled, and nothing else."""
        changed, data_files = self._read({"name": action.name, **content}, given_pack(content, action.pack))
        changed.id, changed.rev = action.id, action.rev
        changed.metadata_file = changed.metadata_file or action.metadata_file
        if data_files or changed != _switched(action, changed.enabled):
            refuse_protected(action.pack)
            refuse_protected(changed.pack)
        paths = self._write_data_files(changed.pack, data_files)
        self._replace(changed)
        self._announce(changed, paths)
        return changed

    def delete(self, action: Action, remove_files: bool = False) -> None:
        """Remove an action, and its metadata file and entry point if asked; raise `Forbidden` if they cannot be."""
        refuse_protected(action.pack)
        if remove_files:
            for path in self._files_of(action):
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    raise Forbidden(f"{path}: cannot be removed: {error.strerror}; the action was kept.") from None
        self._store.delete(Action, action.id)
        if remove_files:
            self._update_file_list(action.pack)

    def clone(self, action: Action, dest_pack: str, dest_action: str, overwrite: bool = False) -> Action:
        """Copy an action and its files to another pack or name."""
        refuse_protected(dest_pack)
        if not _FILE_NAME.fullmatch(dest_action):
            raise InvalidInput(f'dest_action: "{dest_action}" has to consist of letters, digits, ".", "-" and "_".')
        directory = self._actions_dir(dest_pack)
        copy = _switched(action, action.enabled)
        copy.id, copy.rev, copy.pack, copy.name = "", 0, dest_pack, dest_action
        copy.metadata_file, copy.entry_point = f"actions/{dest_action}.yaml", _cloned_entry_point(action, dest_action)
        existing = self._find(copy.ref)
        taken = self._taken(copy)
        if (existing or taken) and not overwrite:
            what = f'Action "{copy.ref}"' if existing else f"File {taken[0]}"
            raise InvalidInput(f"{what} exists already; choose another dest_action, or set overwrite to true.")
        self._copy_files(action, copy, directory)
        if existing:
            copy.id, copy.rev = existing.id, existing.rev
            self._replace(copy)
        else:
            self._store.insert(copy)
        self._update_file_list(dest_pack)
        return copy

    def _read(self, content: Mapping[str, Any], pack: str) -> tuple[Action, list[tuple[str, str]]]:
        data_files = _data_files(content.get("data_files"))
        runners = {runner.name: runner for runner in self._store.find(RunnerType)}
        metadata = {name: value for name, value in content.items() if name != "data_files"}
        action = make_action(metadata, pack, runners)
        action.metadata_file = content.get("metadata_file") or ""
        return action, data_files

    def _find(self, ref: str) -> Action | None:
        return find_now(self._store, Action, "ref", ref)

    def _replace(self, action: Action) -> None:
        try:
            self._store.replace(action)
        except StaleWrite:
            raise Conflict(f'Action "{action.ref}" was changed by somebody else meanwhile; try again.') from None

    def _actions_dir(self, pack: str) -> Path:
        directory = self._locations.pack_dir(pack)
        if directory is None or not (directory / "actions").is_dir():
            raise InvalidInput(
                f'Directory "actions" of pack "{pack}" does not exist on this host; make the pack first.'
            )
        return directory / "actions"

    def _announce(self, action: Action, paths: list[Path]) -> None:
        for path in paths:
            self._written(action.ref, path)

    def _write_data_files(self, pack: str, data_files: list[tuple[str, str]]) -> list[Path]:
        """Write files of an action; return their absolute paths."""
        if not data_files:
            return []
        directory = self._actions_dir(pack)
        wanted = [(inside(directory, name.removeprefix("actions/")), text) for name, text in data_files]
        for path, text in wanted:
            try:
                write_atomically(path, text)
            except OSError as error:
                raise Forbidden(f"{path}: cannot be written: {error.strerror}.") from None
        self._update_file_list(pack)
        return [path for path, _ in wanted]

    def _files_of(self, action: Action) -> list[Path]:
        """Metadata file and entry point of an action, as far as they lie in its pack."""
        directory = self._locations.pack_dir(action.pack)
        if directory is None:
            return []
        found = []
        for name in filter(None, (action.metadata_file.removeprefix("actions/"), action.entry_point)):
            try:
                found.append(inside(directory / "actions", name))
            except ContentError:
                continue
        return found

    def _taken(self, copy: Action) -> list[Path]:
        """Files that are where those of a copy are to go."""
        try:
            return [path for path in self._files_of(copy) if path.exists()]
        except OSError as error:
            raise InvalidInput(f"dest_action: cannot be the name of a file: {error.strerror}.") from None

    def _copy_files(self, action: Action, copy: Action, directory: Path) -> None:
        source = self._locations.pack_dir(action.pack)
        try:
            if copy.entry_point:
                if source is None:
                    raise InvalidInput(f'Pack "{action.pack}" is not on this host, so its files cannot be copied.')
                target = inside(directory, copy.entry_point)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(inside(source / "actions", action.entry_point), target)
            write_atomically(directory / f"{copy.name}.yaml", dump(_metadata(copy)))
        except OSError as error:
            raise InvalidInput(f"{error.filename}: cannot be copied: {error.strerror}.") from None

    def _update_file_list(self, pack_ref: str) -> None:
        """Let the list of files of a pack say what there is now; somebody else's newer list is as good."""
        pack = find_one(self._store, Pack, Equal("ref", pack_ref))
        directory = self._locations.pack_dir(pack_ref)
        if pack is None or directory is None:
            return
        pack.files = list_files(directory)
        with contextlib.suppress(StaleWrite):
            self._store.replace(pack)


def _switched(action: Action, enabled: bool) -> Action:
    """An action that differs from this one by being enabled or disabled, if by anything."""
    copy = Action(**{name: getattr(action, name) for name in action.__struct_fields__})
    copy.enabled = enabled
    return copy


def _data_files(given: Any) -> list[tuple[str, str]]:
    if given is None:
        return []
    found = []
    for item in given if isinstance(given, list) else [None]:
        name, text = (item.get("file_path"), item.get("content")) if isinstance(item, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(text, str):
            raise InvalidInput("data_files: has to be a list of maps with file_path and content, both text.")
        found.append((name, text))
    return found


def _cloned_entry_point(action: Action, name: str) -> str:
    if not action.entry_point:
        return ""
    if action.runner_type in WORKFLOW_RUNNERS:
        return f"workflows/{name}.yaml"
    return name + PurePosixPath(action.entry_point).suffix


def _metadata(action: Action) -> dict[str, Any]:
    content: dict[str, Any] = {
        "name": action.name,
        "pack": action.pack,
        "description": action.description,
        "runner_type": action.runner_type,
        "entry_point": action.entry_point,
        "enabled": action.enabled,
        "parameters": action.parameters,
    }
    for name in ("output_schema", "tags", "notify"):
        if getattr(action, name):
            content[name] = getattr(action, name)
    return content

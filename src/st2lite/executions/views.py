"""Executions and liveactions as the API and the stream show them.

Falsy attributes are left out, as clients expect. Secrets are masked by the schemas of action and runner. The snapshots
of action and runner are embedded as the JSON they are stored as.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from st2lite.executions.snapshots import Origin, Snapshots
from st2lite.models.action import WORKFLOW_RUNNERS
from st2lite.models.execution import Execution
from st2lite.models.inquiry import INQUIRER
from st2lite.models.timestamps import to_epoch
from st2lite.rendering.parameters import merged_schema
from st2lite.rendering.secrets import has_secrets, mask_parameters, mask_result

INQUIRY_RESPOND = "st2.inquiry.respond"
_FALSY_JSON = frozenset({b"{}", b"[]", b'""', b"0", b"0.0", b"false", b"null"})


class ExecutionViews:
    """Renders executions; `webui_url` is the base of links, `mask` says whether secrets are masked at all."""

    def __init__(self, snapshots: Snapshots, webui_url: str, mask: bool = True) -> None:
        self._snapshots = snapshots
        self._webui_url = webui_url.rstrip("/")
        self._mask = mask

    def execution(
        self,
        execution: Execution,
        *,
        show_secrets: bool = False,
        include: Sequence[str] | None = None,
        exclude: Iterable[str] = (),
        children: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Return an execution as JSON-ready mapping (some values are `msgspec.Raw`).

        `include` names the attributes to show, dotted for a part of one (`id` always is); `exclude` those to leave out.
        """
        origin = self._snapshots.origin_to_show(execution)
        mask = self._mask and not show_secrets
        if include is None:
            wanted: dict[str, list[str]] = {name: [] for name in _ATTRIBUTES}
            for name in exclude:
                wanted.pop(name, None)
        else:
            wanted = _group(include)
        view: dict[str, Any] = {"id": execution.id}
        for name, paths in wanted.items():
            read = _ATTRIBUTES.get(name)
            if read is None:
                continue
            value = children if name == "children" else read(self, execution, origin, mask, paths)
            if value:
                view[name] = value
        return view

    def liveaction(self, execution: Execution, *, show_secrets: bool = False) -> dict[str, Any]:
        """Return the liveaction of an execution, as stream clients know it."""
        origin = self._snapshots.origin_to_show(execution)
        mask = self._mask and not show_secrets
        view = {
            **self._liveaction(execution, origin, mask),
            "status": execution.status,
            "context": execution.context,
            "result": self._result(execution, origin, mask, ()),
            "start_timestamp": execution.start_timestamp,
            "end_timestamp": execution.end_timestamp,
            "delay": execution.delay,
        }
        return {name: value for name, value in view.items() if value}

    def _parameters(self, execution: Execution, origin: Origin, mask: bool, _paths: Sequence[str]) -> Any:
        if not mask or not execution.parameters:
            return execution.parameters
        if origin.lost:
            return mask_parameters(execution.parameters, None)
        schema = origin.memo.get("secret_schema")
        if schema is None:
            merged = merged_schema(origin.action, origin.runner)
            schema = merged if has_secrets(merged) else {}
            origin.memo["secret_schema"] = schema
        if origin.action.ref == INQUIRY_RESPOND:
            return {**execution.parameters, "response": mask_parameters(execution.parameters.get("response"), None)}
        return mask_parameters(execution.parameters, schema) if schema else execution.parameters

    def _result(self, execution: Execution, origin: Origin, mask: bool, _paths: Sequence[str]) -> Any:
        if not execution.result or (len(execution.result) < 6 and bytes(execution.result) in _FALSY_JSON):
            return None
        if mask and origin.lost:
            return mask_parameters(msgspec.json.decode(execution.result), None)
        if not mask or not (origin.action.output_schema or execution.runner_name == INQUIRER):
            return execution.result
        return mask_result(msgspec.json.decode(execution.result), origin.action, origin.runner)

    def _liveaction(self, execution: Execution, origin: Origin, mask: bool) -> dict[str, Any]:
        view = {
            "id": execution.liveaction_id,
            "action": execution.action_ref,
            "action_is_workflow": execution.runner_name in WORKFLOW_RUNNERS,
            "callback": execution.callback,
            "runner_info": execution.runner_info,
            "parameters": self._parameters(execution, origin, mask, ()) or {},
        }
        if execution.notify:
            view["notify"] = execution.notify
        return view

    def _web_url(self, execution: Execution) -> str:
        return f"{self._webui_url}/#/history/{execution.id}/general"


_Reader = Callable[[ExecutionViews, Execution, Origin, bool, Sequence[str]], Any]


def _plain(name: str) -> _Reader:
    return lambda _views, execution, _origin, _mask, _paths: getattr(execution, name)


def _narrowed(name: str) -> _Reader:
    """Read a mapping; of dotted attributes only those parts."""

    def read(_views: ExecutionViews, execution: Execution, _origin: Origin, _mask: bool, paths: Sequence[str]) -> Any:
        value = getattr(execution, name)
        return _pick(value, paths) if paths and value else value

    return read


def _snapshot(name: str) -> _Reader:
    """Read a snapshot as stored JSON, or the dotted parts of it (derived once per snapshot and set of parts)."""

    def read(_views: ExecutionViews, _execution: Execution, origin: Origin, _mask: bool, paths: Sequence[str]) -> Any:
        whole = getattr(origin, f"{name}_json")
        if not paths:
            return whole
        key = (name, *paths)
        part = origin.memo.get(key)
        if part is None:
            part = msgspec.Raw(msgspec.json.encode(_pick(msgspec.json.decode(whole), paths)))
            if len(origin.memo) < 50:
                origin.memo[key] = part
        return part

    return read


def _elapsed(execution: Execution) -> float | None:
    if execution.end_timestamp is None:
        return None
    return round(to_epoch(execution.end_timestamp) - to_epoch(execution.start_timestamp), 6)


_ATTRIBUTES: dict[str, _Reader] = {
    "action": _snapshot("action"),
    "runner": _snapshot("runner"),
    "liveaction": lambda views, execution, origin, mask, _paths: views._liveaction(execution, origin, mask),
    "status": _plain("status"),
    "start_timestamp": _plain("start_timestamp"),
    "end_timestamp": _plain("end_timestamp"),
    "elapsed_seconds": lambda _views, execution, _origin, _mask, _paths: _elapsed(execution),
    "parameters": ExecutionViews._parameters,
    "result": ExecutionViews._result,
    "result_size": _plain("result_size"),
    "context": _narrowed("context"),
    "parent": _plain("parent"),
    "children": _plain("parent"),
    "log": _plain("log"),
    "web_url": lambda views, execution, _origin, _mask, _paths: views._web_url(execution),
    "rule": _narrowed("rule"),
    "trigger": _narrowed("trigger"),
    "trigger_type": _narrowed("trigger_type"),
    "trigger_instance": _narrowed("trigger_instance"),
    "delay": _plain("delay"),
}


def _group(include: Iterable[str]) -> dict[str, list[str]]:
    """Group dotted names by their first part; the whole attribute wins over parts of it."""
    wanted: dict[str, list[str]] = {}
    whole = set()
    for name in include:
        top, _dot, rest = name.partition(".")
        parts = wanted.setdefault(top, [])
        if rest:
            parts.append(rest)
        else:
            whole.add(top)
    for top in whole:
        wanted[top] = []
    return wanted


def _pick(value: Any, paths: Sequence[str]) -> Any:
    picked: dict[str, Any] = {}
    for path in paths:
        source, target = value, picked
        parts = path.split(".")
        for depth, part in enumerate(parts):
            if not isinstance(source, dict) or part not in source:
                break
            source = source[part]
            if depth == len(parts) - 1:
                target[part] = source
            else:
                target = target.setdefault(part, {})
    return picked

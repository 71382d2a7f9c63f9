"""What the templates of a chain can refer to; each thing is only read when a template names it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from st2lite.executions.snapshots import Origin
from st2lite.models.errors import RenderError
from st2lite.models.execution import Execution
from st2lite.rendering.crypto import KEY_RING, KeyRing
from st2lite.rendering.datastore import Reader
from st2lite.rendering.environment import CONTEXT, names_in, render, render_value
from st2lite.rendering.parameters import prepare_run
from st2lite.rendering.scope import RenderScope
from st2lite.storage.contract import Store
from st2lite.workflows.state import ChainResult, ChainState, entry_of

LoadConfig = Callable[[str, str], dict[str, Any]]
_NOT_PASSED_ON = frozenset({"chain", "re-run"})
_SPECIAL = frozenset({"__results", "system", "st2kv", "action_context", "config_context"})
_NOT_WHEN_PUBLISHING = frozenset({"action_context", "config_context"})


class ChainScope:
    """Renders for one chain between two of its tasks."""

    def __init__(
        self,
        store: Store,
        keyring: KeyRing | None,
        load_config: LoadConfig,
        execution: Execution,
        origin: Origin,
        state: ChainState,
        result: ChainResult,
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._load_config = load_config
        self._execution = execution
        self._origin = origin
        self._state = state
        self._result = result

    def parameters(self, given: dict[str, Any]) -> dict[str, Any]:
        """Render the parameters of the next task; raise `RenderError`."""
        return render_map(given, self._variables(given, _SPECIAL), "parameter")

    def published(self, given: dict[str, Any]) -> dict[str, Any]:
        """Render what the task that ended publishes; raise `RenderError`."""
        return render_map(given, self._variables(given, _SPECIAL - _NOT_WHEN_PUBLISHING), "publish parameter")

    def name(self, given: str) -> str:
        """Render the name of a next task; raise `RenderError`."""
        return render(given, self._variables(given, _SPECIAL - _NOT_WHEN_PUBLISHING)).strip()

    def _variables(self, given: Any, special: frozenset[str]) -> dict[str, Any]:
        names = names_in(given)
        if not names:
            return {}
        everything = CONTEXT in names
        wanted = special if everything else special & names
        variables = self._parameters(everything or bool(names - special - self._state.variables.keys()))
        results = self._results()
        variables |= {**results, **self._state.variables}
        if "__results" in wanted:
            variables["__results"] = results
        user = str(self._execution.context.get("user", ""))
        if wanted & {"system", "st2kv"}:
            system = Reader(self._store, user).lookups()["system"]
            variables |= {"system": system, "st2kv": {"system": system}}
        if "action_context" in wanted:
            variables["action_context"] = {"parent": parent_context(self._execution)}
        if "config_context" in wanted:
            variables["config_context"] = self._load_config(self._origin.action.pack, user)
        return {**variables, KEY_RING: self._keyring}

    def _parameters(self, wanted: bool) -> dict[str, Any]:
        """Parameters of the chain's action, defaults included; secret defaults are thus never stored."""
        if not wanted:
            return {}
        action, runner, execution = self._origin.action, self._origin.runner, self._execution
        user = str(execution.context.get("user", ""))
        scope = RenderScope(
            self._store, self._keyring, user, execution.context, lambda: self._load_config(action.pack, user)
        )
        return prepare_run(action, runner, execution.parameters, scope)[1]

    def _results(self) -> dict[str, Any]:
        entries = (entry_of(raw) for raw in self._result.tasks)
        return {entry.name: entry.result for entry in entries}


def parent_context(execution: Execution) -> dict[str, Any]:
    """The context of a chain as its tasks see it."""
    inherited = {name: value for name, value in execution.context.items() if name not in _NOT_PASSED_ON}
    return {"execution_id": execution.id, **inherited}


def render_map(given: dict[str, Any], variables: dict[str, Any], what: str) -> dict[str, Any]:
    """Render each value by itself: text stays text, lists and maps keep their shape. `what` names them in errors."""
    rendered = {}
    for name, value in given.items():
        try:
            rendered[name] = render_value(value, variables)
        except RenderError as error:
            raise RenderError(f'Failed rendering value for {what} "{name}": {error.message}') from error
    return rendered

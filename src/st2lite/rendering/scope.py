"""What the templates of one execution can refer to besides its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from st2lite.rendering.crypto import KEY_RING, KeyRing
from st2lite.rendering.datastore import Reader
from st2lite.rendering.environment import CONTEXT
from st2lite.storage.contract import Store

NAMES = frozenset({"st2kv", "system", "action_context", "config_context"})


class RenderScope:
    """Datastore, execution context and pack configuration; each is only read when a template refers to it.

    The user scope of the datastore belongs to `api_user` of the execution's context if there is one, else to `user`.
    `config` returns the configuration of the action's pack with dynamic values resolved. `given` are further variables,
    such as the `trigger` of a rule; a parameter of the same name does not hide them. `names` are those of all.
    """

    def __init__(
        self,
        store: Store,
        crypto: KeyRing | None,
        user: str,
        action_context: dict[str, Any],
        config: Callable[[], dict[str, Any]],
        given: Mapping[str, Any] | None = None,
    ) -> None:
        self.crypto = crypto
        self._store = store
        self._user = action_context.get("api_user") or user
        self._action_context = action_context
        self._config = config
        self._values: dict[str, Any] = {KEY_RING: crypto, **(given or {})}
        self.given = frozenset(given or ())
        self.names = NAMES | self.given

    def variables(self, names: Iterable[str]) -> dict[str, Any]:
        """Those of the wanted variables that are not parameters; all of them for a template that may name any."""
        wanted = self.names if CONTEXT in names else self.names.intersection(names)
        for name in wanted.difference(self._values):
            self._load(name)
        return {name: value for name, value in self._values.items() if name in wanted or name == KEY_RING}

    def _load(self, name: str) -> None:
        if name in ("st2kv", "system"):
            lookups = Reader(self._store, self._user).lookups()
            self._values |= {"st2kv": lookups, "system": lookups["system"]}
        elif name == "action_context":
            self._values[name] = self._action_context
        elif name == "config_context":
            self._values[name] = self._config()

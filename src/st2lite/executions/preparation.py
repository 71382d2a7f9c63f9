"""Turning a claimed execution into a `Run`: rendered defaults, paths, credentials and configuration for its runner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from st2lite.executions.output import Output
from st2lite.executions.protocol import Cancellation, Run
from st2lite.executions.requests import LoadConfig
from st2lite.executions.snapshots import Origin
from st2lite.messaging.contract import Bus
from st2lite.messaging.messages import Announced
from st2lite.models.errors import InvalidInput
from st2lite.models.execution import Execution
from st2lite.rendering.crypto import KeyRing
from st2lite.rendering.parameters import prepare_run
from st2lite.rendering.scope import RenderScope
from st2lite.storage.contract import Store


class RunPreparation:
    """Prepares runs. `pack_dir` finds a pack on this host; `issue_token(execution_id, user)` makes an action token."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        keyring: KeyRing | None,
        load_config: LoadConfig,
        pack_dir: Callable[[str], Path | None],
        issue_token: Callable[[str, str], str],
        api_url: str,
    ) -> None:
        self._store = store
        self._bus = bus
        self._keyring = keyring
        self._load_config = load_config
        self._pack_dir = pack_dir
        self._issue_token = issue_token
        self._api_url = api_url

    def prepare(self, execution: Execution, origin: Origin, output: Output, cancellation: Cancellation) -> Run:
        """Return what the runner gets to know; raise `St2liteError` when a default or a path cannot be resolved."""
        action, runner = origin.action, origin.runner
        user = str(execution.context.get("user", ""))

        def load_config() -> dict[str, Any]:
            return self._load_config(action.pack, user)

        scope = RenderScope(self._store, self._keyring, user, execution.context, load_config)
        runner_parameters, action_parameters = prepare_run(action, runner, execution.parameters, scope)
        pack_dir = self._pack_dir(action.pack)
        trace_context = execution.context.get("trace_context")
        return Run(
            execution_id=execution.id,
            liveaction_id=execution.liveaction_id,
            action=action,
            runner=runner,
            runner_parameters=runner_parameters,
            action_parameters=action_parameters,
            user=user,
            context=execution.context,
            pack_dir=pack_dir,
            entry_point=_entry_point(action.ref, action.entry_point, pack_dir),
            api_url=self._api_url,
            issue_token=lambda: self._issue_token(execution.id, user),
            load_config=load_config,
            announce=lambda route, payload: self._bus.publish(Announced(route, payload, trace_context)),
            output=output,
            cancellation=cancellation,
        )


def _entry_point(ref: str, entry_point: str, pack_dir: Path | None) -> str:
    """Absolute path of an action's script; a relative one lies in the pack's actions directory and must stay there."""
    if not entry_point:
        return ""
    if Path(entry_point).is_absolute():
        return entry_point
    if pack_dir is None:
        raise InvalidInput(f'Action "{ref}": its pack is not on this host, so "{entry_point}" cannot be run.')
    actions = (pack_dir / "actions").resolve()
    path = (actions / entry_point).resolve()
    if not path.is_relative_to(actions):
        raise InvalidInput(f'Action "{ref}": entry_point "{entry_point}" leads out of the pack\'s actions directory.')
    return str(path)

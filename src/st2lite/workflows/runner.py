"""Runner `action-chain`: begins a chain and hands it to the engine.

It only reads and chooses. The first task is requested after the worker has written the state of the chain, which is
also when the worker is free for something else.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from st2lite.executions.protocol import Outcome, Run
from st2lite.models import statuses
from st2lite.models.errors import InvalidInput, RenderError
from st2lite.models.execution import Execution
from st2lite.rendering.crypto import KeyRing
from st2lite.rendering.environment import names_in
from st2lite.rendering.scope import RenderScope
from st2lite.storage.contract import Store
from st2lite.workflows.chain import Chain
from st2lite.workflows.definitions import Definitions
from st2lite.workflows.reruns import Inheritance, ReRuns
from st2lite.workflows.scope import render_map
from st2lite.workflows.state import ChainResult, ChainState, child_id, keep


class ChainRunner:
    """Begins chains; `go_on` is the engine's, called with the execution once its state is written."""

    def __init__(
        self,
        store: Store,
        keyring: KeyRing | None,
        definitions: Definitions,
        reruns: ReRuns,
        go_on: Callable[[Execution], None],
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._definitions = definitions
        self._reruns = reruns
        self._go_on = go_on

    def run(self, run: Run) -> Outcome:
        if not run.entry_point:
            raise InvalidInput(f'Action "{run.action.ref}" has no entry_point: it has to name the chain file.')
        definition, chain = self._definitions.load(Path(run.entry_point))
        shows_published = run.runner_parameters.get("display_published") is not False
        result = ChainResult([])
        if shows_published:
            result.published = {}
        again = run.context.get("re-run") or {}
        inheritance = Inheritance(chain.first, {}, [], [], {})
        if isinstance(again, dict) and again.get("tasks"):
            inheritance = self._reruns.inherit(again, chain)
        try:
            variables = {**self._vars(run, chain), **inheritance.vars}
        except RenderError as error:
            result.error = f"Failed initializing vars of the chain. {error.message}"
            return Outcome(statuses.FAILED, result)
        result.tasks = inheritance.tasks
        state = ChainState(
            definition=definition,
            task=inheritance.task,
            number=0,
            child=child_id(run.execution_id, 0),
            vars=variables,
            published=inheritance.published,
            skip_notify=run.runner_parameters.get("skip_notify") or [],
            display_published=shows_published,
            redo=inheritance.redo,
        )
        if shows_published:
            result.published = state.all_published
        workflow, encoded = keep(state, result)
        return Outcome(statuses.RUNNING, encoded, workflow=workflow, then=self._go_on)

    def close(self) -> None:
        """Nothing is kept between runs but the chains that were read."""

    def _vars(self, run: Run, chain: Chain) -> dict[str, Any]:
        names = names_in(chain.vars)
        if not names:
            return chain.vars
        scope = RenderScope(self._store, self._keyring, run.user, run.context, run.load_config)
        return render_map(
            chain.vars, {**run.action_parameters, **scope.variables(names & {"st2kv", "system"})}, "variable"
        )

"""st2actionrunner: runs executions, and moves workflows on."""

from __future__ import annotations

from st2lite.config.schema import Config
from st2lite.executions.worker import ExecutionWorker, WorkerOptions
from st2lite.messaging.contract import Stoppable
from st2lite.models.inquiry import INQUIRER
from st2lite.runners.inquirer import InquirerRunner
from st2lite.runners.registry import RunnerRegistry
from st2lite.services import daemon
from st2lite.services.context import AppContext
from st2lite.workflows.children import Children
from st2lite.workflows.engine import ChainEngine
from st2lite.workflows.progress import Progress
from st2lite.workflows.runner import ChainRunner
from st2lite.workflows.state import ACTION_CHAIN

NAME = "st2actionrunner"


def serve(config: Config) -> None:
    """Serve until the process is asked to stop."""
    daemon.serve(NAME, config, ActionRunner)


class ActionRunner:
    """The worker, the runners it uses and the engine of workflows."""

    def __init__(self, context: AppContext) -> None:
        options = context.config.actionrunner
        validate_output = context.config.system.validate_output_schema
        self._patience = options.exit_still_active_check if options.graceful_shutdown else 0
        children = Children(context.store, context.bus, context.executions, context.snapshots)
        progress = Progress(
            context.store,
            context.bus,
            children,
            context.snapshots,
            context.keyring,
            context.pack_configs.resolve,
            context.chains,
            validate_output,
        )
        self._engine = ChainEngine(context.bus, progress)
        chains = ChainRunner(context.store, context.keyring, context.chains, context.chain_reruns, self._engine.go_on)
        inquirer = InquirerRunner(context.inquiry_triggers.asked)
        self._registry = RunnerRegistry(context.runner_settings, ready={ACTION_CHAIN: chains, INQUIRER: inquirer})
        self._worker = ExecutionWorker(
            context.store,
            context.bus,
            context.snapshots.origin,
            context.preparation,
            self._registry,
            WorkerOptions(
                options.actions_pool_size,
                options.lease,
                options.stream_output,
                validate_output,
                frozenset({ACTION_CHAIN}),
            ),
            context.admission,
            self._engine.child_ended,
        )
        children.worker = self._worker
        self._store = context.store
        self._watch: Stoppable | None = None

    def start(self) -> None:
        self._watch = self._store.watch()
        self._engine.start()
        self._worker.start()

    def stop(self) -> None:
        """Drain: running actions end, or are abandoned after `[actionrunner] exit_still_active_check` seconds."""
        self._worker.stop(self._patience)
        self._engine.stop()
        self._registry.close()
        if self._watch is not None:
            self._watch.stop()

"""st2actionrunner: runs executions."""

from __future__ import annotations

from st2lite.config.schema import Config
from st2lite.executions.worker import ExecutionWorker, WorkerOptions
from st2lite.runners.registry import RunnerRegistry
from st2lite.services import daemon
from st2lite.services.context import AppContext

NAME = "st2actionrunner"


def serve(config: Config) -> None:
    """Serve until the process is asked to stop."""
    daemon.serve(NAME, config, ActionRunner)


class ActionRunner:
    """The worker and the runners it uses."""

    def __init__(self, context: AppContext) -> None:
        options = context.config.actionrunner
        self._patience = options.exit_still_active_check if options.graceful_shutdown else 0
        self._registry = RunnerRegistry(context.runner_settings)
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
                context.config.system.validate_output_schema,
            ),
            context.admission,
        )

    def start(self) -> None:
        self._worker.start()

    def stop(self) -> None:
        """Drain: running actions end, or are abandoned after `[actionrunner] exit_still_active_check` seconds."""
        self._worker.stop(self._patience)
        self._registry.close()

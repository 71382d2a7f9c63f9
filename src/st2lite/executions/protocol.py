"""What a runner is: the protocol between `executions/` and the modules of `runners/`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from st2lite.models.action import Action, RunnerType
from st2lite.models.execution import Execution
from st2lite.models.pack import SYSTEM_PACKS


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the status (final, or `pending`, `running` for a runner that goes on elsewhere) and the result.

    `result` is anything JSON can hold; `context` is merged into the execution's context. A workflow goes on without a
    worker: its outcome is `running`, and `workflow` what its engine has to remember. `then` is called with the
    unfinished execution once the outcome is written, and announces what there is to announce.
    """

    status: str
    result: Any
    context: dict[str, Any] = field(default_factory=dict)
    workflow: dict[str, Any] | None = None
    then: Callable[[Execution], None] | None = None


class Cancellation:
    """Carries the wish to stop to a running action. A callback registered late is called at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._requested = False

    @property
    def requested(self) -> bool:
        return self._requested

    def on_request(self, callback: Callable[[], None]) -> None:
        """Have `callback` called (on another thread) when the execution is canceled or the worker shuts down."""
        with self._lock:
            if not self._requested:
                self._callbacks.append(callback)
                return
        callback()

    def request(self) -> None:
        """Ask the run to stop; only the first call has an effect."""
        with self._lock:
            if self._requested:
                return
            self._requested = True
            callbacks, self._callbacks = self._callbacks, []
        with contextlib.ExitStack() as calls:  # makes all of them, though one may fail
            for callback in reversed(callbacks):
                calls.callback(callback)


class OutputSink(Protocol):
    """Takes output of the action while it runs; text is stored and streamed in batches."""

    def write(self, output_type: str, text: str) -> None:
        """Append text to `stdout` or `stderr`."""


@dataclass(frozen=True)
class Run:
    """All that a runner gets to know about the execution it runs.

    `runner_parameters` and `action_parameters` are rendered, cast and complete (defaults filled in); a key is in the
    first if the runner type declares it, else in the second. `pack_dir` is the directory of the action's pack (None:
    the pack is not on disk), `entry_point` the absolute path of the action's script ("" when it has none).
    `issue_token` returns a token for the API that is valid while the execution is unfinished. `load_config` returns
    the pack's configuration with dynamic values resolved. `announce(route, payload)` sends an announcement to stream
    clients.
    """

    execution_id: str
    liveaction_id: str
    action: Action
    runner: RunnerType
    runner_parameters: dict[str, Any]
    action_parameters: dict[str, Any]
    user: str
    context: dict[str, Any]
    pack_dir: Path | None
    entry_point: str
    api_url: str
    issue_token: Callable[[], str]
    load_config: Callable[[], dict[str, Any]]
    announce: Callable[[str, dict[str, Any]], None]
    output: OutputSink
    cancellation: Cancellation


class Runner(Protocol):
    """One module per runner exposes `create(settings) -> Runner`; one instance serves many runs at the same time."""

    def run(self, run: Run) -> Outcome:
        """Run the action to its end and say how it ended.

        Problems of the action (exit code, timeout, unreachable host) are an `Outcome`; an exception means that the
        runner itself failed and becomes `failed` with `{error, traceback}`. When `run.cancellation` is requested the
        runner stops what it started and returns soon; the status it returns then does not matter.
        """

    def close(self) -> None:
        """Release what is kept between runs (warm processes, connections)."""


@dataclass(frozen=True)
class RunnerSettings:
    """What the runners need to know of the host, taken from st2.conf by the service that creates them.

    `system_user` runs shell actions (the service itself runs as `service_user`: no sudo when both are the same).
    `ssh_key` is the default private key file of remote actions. `system_packs` run with `service_python`, have no
    virtualenv, and get `system_pack_variables` in their environment.
    """

    system_user: str
    service_user: str
    service_python: Path
    virtualenvs_dir: Path
    packlib_dir: Path
    data_dir: Path
    system_packs: frozenset[str] = SYSTEM_PACKS
    enable_common_libs: bool = False
    python_log_level: str = "DEBUG"
    ssh_key: Path | None = None
    ssh_config: Path | None = None
    ssh_connect_timeout: float = 60.0
    allow_partial_failure: bool = False
    max_parallel_hosts: int = 50
    system_pack_variables: Mapping[str, str] = field(default_factory=dict)

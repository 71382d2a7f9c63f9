"""st2timersengine: fires timers. The rules engine does the same; with both, each run is fired once all the same."""

from __future__ import annotations

from st2lite.config.schema import Config
from st2lite.reactor.timers import Timers
from st2lite.services import daemon
from st2lite.services.context import AppContext

NAME = "st2timersengine"


def serve(config: Config) -> None:
    """Serve until the process is asked to stop."""
    daemon.serve(NAME, config, TimersEngine)


class TimersEngine:
    """The timers of this process; none with `[timer] enable` off."""

    def __init__(self, context: AppContext) -> None:
        options = context.config.timer
        self._timers = (
            Timers(context.store, context.bus, context.dispatcher, options.local_timezone, options.misfire_grace)
            if options.enable
            else None
        )

    def start(self) -> None:
        if self._timers is not None:
            self._timers.start()

    def stop(self) -> None:
        if self._timers is not None:
            self._timers.stop()

"""st2rulesengine: holds trigger instances against the rules and requests the actions of those that match."""

from __future__ import annotations

from st2lite.config.schema import Config
from st2lite.messaging.contract import Stoppable
from st2lite.reactor.enforcement import Enforcer
from st2lite.reactor.engine import RulesEngine as Engine
from st2lite.reactor.matching import Matcher
from st2lite.reactor.recovery import Recovery
from st2lite.reactor.throttling import Throttles
from st2lite.reactor.window_closer import WindowCloser
from st2lite.services import daemon
from st2lite.services.context import AppContext
from st2lite.services.timersengine import TimersEngine

NAME = "st2rulesengine"


def serve(config: Config) -> None:
    """Serve until the process is asked to stop."""
    daemon.serve(NAME, config, RulesEngine)


class RulesEngine:
    """The engine and what belongs to it: its parts are started in order, and stopped in the opposite one.

    `empty_bus` says that the bus has begun with this process, so that no message leads to what is left of earlier ones.
    """

    def __init__(self, context: AppContext, empty_bus: bool = False) -> None:
        options = context.config.rulesengine
        user = context.config.system_user.user
        matcher = Matcher(context.store, context.keyring, user)
        enforcer = Enforcer(context.store, context.executions, user)
        throttles = Throttles(context.store, enforcer)
        engine = Engine(
            context.store, context.bus, matcher, enforcer, throttles, options.threads, options.redispatch_after
        )
        self._store = context.store
        recovery = Recovery(context.store, engine, options.redispatch_after, empty_bus)
        self._parts: list[daemon.Service] = [WindowCloser(throttles), engine, recovery, TimersEngine(context)]
        self._watch: Stoppable | None = None

    def start(self) -> None:
        self._watch = self._store.watch()
        for part in self._parts:
            part.start()

    def stop(self) -> None:
        for part in reversed(self._parts):
            part.stop()
        if self._watch is not None:
            self._watch.stop()

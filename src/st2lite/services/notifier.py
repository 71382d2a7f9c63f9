"""st2notifier: what follows from the end of an execution, and the backup scheduler."""

from __future__ import annotations

import contextlib

from st2lite.config.schema import Config
from st2lite.executions.backup import BackupScheduler
from st2lite.executions.endings import Endings, Handler
from st2lite.executions.lost_endings import LostEndings
from st2lite.messaging.contract import NOTIFIER, Acknowledge, Stoppable
from st2lite.messaging.messages import ExecutionDelayed, Message
from st2lite.models.errors import StoreUnavailable
from st2lite.reactor.action_triggers import ActionTriggers
from st2lite.reactor.notifications import Notifications
from st2lite.services import daemon
from st2lite.services.context import AppContext
from st2lite.workflows.recovery import ChainRecovery

NAME = "st2notifier"


def serve(config: Config) -> None:
    """Serve until the process is asked to stop."""
    daemon.serve(NAME, config, Notifier)


def handlers(context: AppContext) -> list[Handler]:
    """Who acts on executions that have ended, in this order."""
    store, dispatcher, views = context.store, context.dispatcher, context.views
    notifications = Notifications(store, dispatcher, context.snapshots, views, context.keyring)
    found: list[Handler] = [context.waiting_line.ended, context.retries.ended, notifications.emit]
    options = context.config.action_sensor
    if options.enable:
        found.append(ActionTriggers(store, dispatcher, context.listeners, views, options.emit_when).emit)
    return found


class Notifier:
    """Acts on executions that have ended, and looks after those that messages, delays and dead workers left behind.

    `empty_bus` says that the bus has begun with this process, so that no message leads to what is left of earlier ones.
    """

    def __init__(self, context: AppContext, empty_bus: bool = False) -> None:
        options = context.config.notifier
        self._empty_bus = empty_bus
        self._bus = context.bus
        self._enabled = options.enable
        self._chains = ChainRecovery(context.store, context.bus)
        self._endings = Endings(handlers(context), remember=options.enable)
        self._lost_endings = LostEndings(context.store, self._endings)
        self._watch = context.store.watch
        self._backup = BackupScheduler(
            context.store,
            context.bus,
            {"telling of ends": self._lost_endings.look},
            options.rescheduling_interval,
            options.redispatch_after,
            minding={
                "telling of inquiries": context.inquiry_triggers.look,
                "waking chains": self._chains.wake,
                "letting delayed executions begin": context.waiting_line.move_all,
            },
        )
        self._sources: list[Stoppable] = []

    def start(self) -> None:
        if self._enabled:
            with contextlib.suppress(StoreUnavailable):  # then it begins with the first round
                self._lost_endings.begin()
        self._endings.start()
        self._sources = [self._watch(), self._bus.consume(NOTIFIER, self._receive, prefetch=50)]
        if self._empty_bus:
            self._recover()
        if self._enabled:
            self._backup.start()

    def stop(self) -> None:
        for source in self._sources:
            source.stop()
        self._endings.stop()
        if self._enabled:
            self._backup.stop()

    def _recover(self) -> None:
        """Deal at once with what an earlier process left behind; before the rounds begin, which do the same."""
        self._backup.abandon_orphans()
        self._backup.dispatch_lost(older_than=0)
        self._chains.wake(at_once=True)

    def _receive(self, message: Message, acknowledge: Acknowledge) -> None:
        if isinstance(message, ExecutionDelayed):
            self._backup.expect(message.due)
            acknowledge()
        else:
            self._endings.receive(message, acknowledge)

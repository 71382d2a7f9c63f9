"""st2stream: events and output as server-sent events."""

from __future__ import annotations

from st2lite.config.schema import Config
from st2lite.http.activation import address_in_use, inherited_listeners
from st2lite.http.eventlet_server import Hooks, listen, serve
from st2lite.http.stream_app import create_stream_app
from st2lite.http.stream_hub import StreamHub
from st2lite.http.wsgi import WsgiApp
from st2lite.services.context import AppContext
from st2lite.services.dependencies import connect
from st2lite.services.logs import reopen_logs
from st2lite.services.membership import Membership
from st2lite.services.supervisor import take_supervisor

NAME = "st2stream"


class Stream:
    """The stream app and the hub that feeds it. Make it after `eventlet_server.patch()`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._context = AppContext(config)
        self._hub = StreamHub(self._context.bus, self._context.store, self._context.views)
        options = config.stream
        inherited = inherited_listeners()
        self._address = address_in_use(NAME, (options.host, options.port), inherited)
        self._listeners = inherited or [listen(*self._address)]
        self._membership = Membership(self._context, {NAME: self._address})
        self._supervisor = take_supervisor()

    def run(self) -> None:
        """Serve until the process is asked to stop."""
        supervisor = self._supervisor
        serve(NAME, self._listeners, Hooks(self._open, supervisor.up, self._hub.stop, self._close, reopen_logs))

    def _open(self) -> WsgiApp:
        connect(self._context.connect, self._supervisor.show)
        self._membership.start()
        return create_stream_app(self._context, self._hub)

    def _close(self) -> None:
        self._membership.stop()
        self._context.close()

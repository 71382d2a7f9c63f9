"""st2stream: events and output as server-sent events."""

from __future__ import annotations

from st2lite.config.schema import Config
from st2lite.http.eventlet_server import Hooks, serve
from st2lite.http.stream_app import create_stream_app
from st2lite.http.stream_hub import StreamHub
from st2lite.http.wsgi import WsgiApp
from st2lite.services.context import AppContext
from st2lite.services.dependencies import connect
from st2lite.services.logs import reopen_logs
from st2lite.services.membership import Membership


class Stream:
    """The stream app and the hub that feeds it. Make it after `eventlet_server.patch()`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._context = AppContext(config)
        self._hub = StreamHub(self._context.bus, self._context.store, self._context.views)
        self._membership = Membership(self._context, {"st2stream": (config.stream.host, config.stream.port)})

    def run(self) -> None:
        """Serve until the process is asked to stop."""
        options = self._config.stream
        serve("st2stream", options.host, options.port, Hooks(self._open, self._hub.stop, self._close, reopen_logs))

    def _open(self) -> WsgiApp:
        connect(self._context.connect)
        self._membership.start()
        return create_stream_app(self._context, self._hub)

    def _close(self) -> None:
        self._membership.stop()
        self._context.close()

"""st2stream: serves events and the output of running actions as streams."""

from __future__ import annotations

import sys

from st2lite.http import eventlet_server


def main() -> int:
    # Before anything that waits is imported: locks, sockets and drivers of this process become green.
    eventlet_server.patch()
    from st2lite.commands import daemon
    from st2lite.services.stream import Stream

    return daemon.main(
        "st2stream", "Serves events and the output of running actions as streams.", lambda config: Stream(config).run()
    )


if __name__ == "__main__":
    sys.exit(main())

"""st2sensorcontainer: runs sensors, a process for each."""

from __future__ import annotations

import sys

from st2lite.commands import daemon
from st2lite.services.sensorcontainer import NAME, serve


def main(argv: list[str] | None = None) -> int:
    parser = daemon.make_parser(NAME, "Runs sensors, a process for each.")
    parser.add_argument(
        "--sensor-ref", metavar="PACK.NAME", help="run only this sensor, and end when it ends, with its exit code"
    )
    options = parser.parse_args(argv)
    return daemon.start(NAME, options.config_file, lambda config: serve(config, options.sensor_ref))


if __name__ == "__main__":
    sys.exit(main())

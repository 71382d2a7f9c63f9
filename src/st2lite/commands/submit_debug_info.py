"""st2-submit-debug-info: pack what helps to find a fault into a file; nothing is sent anywhere."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from st2lite.commands.place import add_place_options
from st2lite.models.errors import St2liteError
from st2lite.services.debug_info import DebugInfo
from st2lite.services.installation import installation

NAME = "st2-submit-debug-info"
_EPILOG = """\
In the file are st2.conf, the settings of logs, the ends of the logs, what systemd and its journal say, versions, ports,
processes, disk and memory. Passwords, keys and tokens are masked wherever they stand; configurations of packs and the
datastore are left out. It stays on this host, readable for you alone: look through it before you give it to anybody.

examples:
  sudo st2-submit-debug-info
  sudo st2-submit-debug-info --output /root/debug.tar.gz --exclude-logs

exit codes: 0 the file is written, 2 an error
"""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog=NAME, description="Pack what helps to find a fault into a file, without secrets.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_place_options(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to (default: a new file in here)")
    parser.add_argument("-l", "--exclude-logs", action="store_true", help="leave the logs out")
    parser.add_argument("-c", "--exclude-configs", action="store_true", help="leave st2.conf and its like out")
    parser.add_argument("-s", "--exclude-system-info", action="store_true", help="leave out what is not of st2lite")
    # StackStorm's program asks before it uploads.
    for short, long in (("-y", "--yes"), ("-r", "--review")):
        parser.add_argument(short, long, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    path = options.output or Path(f"st2-debug-{time.strftime('%Y%m%d-%H%M%S')}.tar.gz")
    try:
        info = DebugInfo(
            installation(options.config_file, options.data_dir),
            configs=not options.exclude_configs,
            logs=not options.exclude_logs,
            system=not options.exclude_system_info,
        )
        info.write(path, lambda part: print(f"  {part}", file=sys.stderr))
    except St2liteError as error:
        print(f"{NAME}: {error.message}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{NAME}: {error.filename or path}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"Written to {path.absolute()} ({path.stat().st_size} bytes). Nothing was sent anywhere.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

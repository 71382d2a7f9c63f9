"""st2-generate-symmetric-crypto-key: makes the key file that encrypts secret datastore values."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from st2lite.models.errors import Conflict, St2liteError
from st2lite.rendering.crypto import generate_key_file


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="st2-generate-symmetric-crypto-key",
        description="Make a key for secret datastore values, in the format StackStorm reads too.",
        epilog="Keep it: without it secret values are lost. Name it in [keyvalue] encryption_key_path.",
    )
    parser.add_argument(
        "-k", "--key-path", type=Path, required=True, metavar="FILE", help="the file to write (mode 0600)"
    )
    parser.add_argument("-f", "--force", action="store_true", help="replace an existing key; values under it are lost")
    options = parser.parse_args(argv)
    try:
        generate_key_file(options.key_path, overwrite=options.force)
    except Conflict as error:
        print(f"st2-generate-symmetric-crypto-key: {error}; --force replaces it", file=sys.stderr)
        return 2
    except St2liteError as error:
        print(f"st2-generate-symmetric-crypto-key: {error}", file=sys.stderr)
        return 1
    print(f"Wrote {options.key_path}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""st2-check-license: st2lite needs no license; the program is there for scripts that ask."""

from __future__ import annotations

import argparse
import sys

NAME = "st2-check-license"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="Say whether everything is licensed: st2lite is free software, so it always is.",
        epilog="exit code: 0",
    )
    parser.add_argument("license", nargs="*", metavar="KEY", help="a license key of StackStorm; it is not looked at")
    parser.parse_args(argv)
    print("st2lite is free software (Apache License 2.0): it needs no license key, and no part of it is held back.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

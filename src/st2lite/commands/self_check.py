"""st2-self-check: see whether a running installation does what it is for."""

from __future__ import annotations

import argparse
import sys

from st2lite.commands.place import make_parser
from st2lite.config.urls import local_url
from st2lite.models.errors import St2liteError
from st2lite.services.context import AppContext
from st2lite.services.installation import installation
from st2lite.services.selfcheck import Addresses, SelfCheck, perform

NAME = "st2-self-check"
_STANDALONE_URL = "http://127.0.0.1:9101"
_EPILOG = """\
Runs actions, a chain, a rule on a webhook and one on a timer, and takes everything away again. Exits with 0 only if all
is well. Run it as a user who can read st2.conf.

examples:
  st2-self-check
  st2-self-check --data-dir ~/.st2lite/data --url http://127.0.0.1:9101
"""


def main(argv: list[str] | None = None) -> int:
    parser = make_parser(NAME, "See whether a running installation does what it is for.", _EPILOG)
    parser.add_argument("--url", help=f"address of standalone (default {_STANDALONE_URL})")
    options = parser.parse_args(argv)
    try:
        return _check(options)
    except St2liteError as error:
        print(f"{NAME}: {error.message}", file=sys.stderr)
        return 2


def _check(options: argparse.Namespace) -> int:
    here = installation(options.config_file, options.data_dir)
    if here.data_dir is not None:
        url = (options.url or _STANDALONE_URL).rstrip("/")
        addresses = Addresses(f"{url}/api/v1", f"{url}/stream/v1")
    else:
        api, stream = here.config.api, here.config.stream
        addresses = Addresses(f"{local_url(api.host, api.port)}/v1", f"{local_url(stream.host, stream.port)}/v1")
    context = AppContext(here.config)
    failures = 0
    try:
        check = SelfCheck(context, addresses)
        with check.tidy():
            for each in check.checks():
                done = perform(each)
                failures += bool(done.problem)
                mark, why = ("FAIL", f": {done.problem}") if done.problem else ("ok  ", "")
                print(f"{mark}  {done.name} ({done.seconds:.1f} s){why}", flush=True)
    finally:
        context.close()
    print("All is well." if not failures else f"{failures} of these checks failed.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

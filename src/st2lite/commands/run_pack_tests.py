"""st2-run-pack-tests: runs the unit tests that a pack brings along."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import st2lite.packlib
from st2lite.content.installation.virtualenvs import REQUIREMENTS, Virtualenvs
from st2lite.content.packs import read_pack
from st2lite.models.errors import InvalidInput, St2liteError

NAME = "st2-run-pack-tests"
NO_TESTS = 5
"""Exit code for a pack whose tests directory holds no test."""

_TEST_REQUIREMENTS = "requirements-tests.txt"
_ALIASES = "st2lite.commands.pack_tests_aliases"
_EPILOG = """\
examples:
  st2-run-pack-tests -p ~/packs/weather
  st2-run-pack-tests -x -p ~/packs/weather -f test_action_forecast.py
"""


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    try:
        return _run(options)
    except St2liteError as error:
        print(f"{NAME}: {error.message}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME, description="Run the unit tests of a pack (its directory tests).", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("-p", dest="pack", type=Path, metavar="DIR", required=True, help="directory of the pack")
    parser.add_argument("-f", dest="file", metavar="FILE", default="test_*.py", help="only this file of the tests")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-x", dest="without", action="store_true", help="no virtualenv: use the python of st2lite")
    group.add_argument(
        "-j", dest="just", action="store_true", help="keep the virtualenv of the last run unless requirements changed"
    )
    parser.add_argument("-v", dest="verbose", action="store_true", help="name each test, show what pip does")
    return parser


def _run(options: argparse.Namespace) -> int:
    pack_dir = options.pack.expanduser().resolve()
    pack = read_pack(pack_dir)
    tests = pack_dir / "tests"
    if not tests.is_dir():
        raise InvalidInput(f'Pack "{pack.ref}" has no tests: there is no directory {tests}.')
    python = Path(sys.executable)
    if not options.without:
        say = print if options.verbose else _ignore
        virtualenvs = Virtualenvs(_cache(), python, requirements=(REQUIREMENTS, _TEST_REQUIREMENTS))
        virtualenvs.setup(pack.ref, pack_dir, say, recreate=not options.just)
        python = virtualenvs.path_of(pack.ref) / "bin" / "python"
    code = subprocess.run(
        [python, _packlib() / "st2lite_pack_tests.py", json.dumps(_request(options, pack_dir, tests))],
        cwd=pack_dir,
        env=_environment(pack_dir),
        check=False,
    ).returncode
    if code == NO_TESTS:
        print(f"{NAME}: {tests} holds no test in {options.file}.", file=sys.stderr)
    return code


def _request(options: argparse.Namespace, pack_dir: Path, tests: Path) -> dict[str, object]:
    places = ["actions", "actions/lib", "sensors", "lib", "etc", "."]
    own = [entry for entry in sys.path if "site-packages" in entry]
    return {
        "pack": str(pack_dir),
        "tests": str(tests),
        "pattern": Path(options.file).name,
        "verbose": options.verbose,
        "first": [str(pack_dir / place) for place in places if (pack_dir / place).is_dir()],
        # As for actions: what the service has comes last.
        "last": [str(_packlib()), *own],
    }


def _environment(pack_dir: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {
        **kept,
        "ST2_PACK_TESTS_PACK": str(pack_dir),
        "ST2_PACK_TESTS_ALIASES": json.dumps([sys.executable, "-m", _ALIASES]),
    }


def _packlib() -> Path:
    return Path(next(iter(st2lite.packlib.__path__)))


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "st2lite" / "pack-tests"


def _ignore(_: str) -> None:
    return None


if __name__ == "__main__":
    sys.exit(main())

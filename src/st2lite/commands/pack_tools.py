"""st2-pack-install, st2-pack-download, st2-pack-setup-virtualenv: packs without API, broker and database."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from st2lite.commands.place import config_of, make_parser
from st2lite.content.installation.host import PackHost
from st2lite.content.installation.installer import Installer
from st2lite.content.installation.record import InstallationRecord
from st2lite.models.errors import InvalidInput, St2liteError
from st2lite.services.packs import pack_host

_SOURCES = "name of the index, owner/repository, URL, file:///directory or archive; each may be followed by =version"
_EXAMPLES = {
    "st2-pack-install": ("slack=1.2.0", "--data-dir ~/.st2lite/data /srv/weather.tar.gz --find-links=/srv/wheels"),
    "st2-pack-download": ("https://git.example.com/weather.git=main", "acme/st2-weather"),
    "st2-pack-setup-virtualenv": ("weather", "--data-dir ~/.st2lite/data weather"),
}

Work = Callable[[PackHost, argparse.Namespace], None]


def install(argv: list[str] | None = None) -> int:
    """Fetch packs and build their virtualenvs."""
    parser = _parser("st2-pack-install", "Install packs on this host: files and virtualenvs.", _SOURCES)
    _add_source_options(parser)
    parser.add_argument("--skip-dependencies", action="store_true", help="leave out the packs that they depend on")
    parser.add_argument(
        "--once", action="store_true", help="do nothing about packs that this has installed from the same source before"
    )
    _add_find_links(parser)
    return _run(parser, _install, argv)


def download(argv: list[str] | None = None) -> int:
    """Fetch packs."""
    parser = _parser("st2-pack-download", "Fetch packs and put their files in place.", _SOURCES)
    _add_source_options(parser)
    return _run(parser, _download, argv)


def setup_virtualenv(argv: list[str] | None = None) -> int:
    """Build virtualenvs of packs."""
    parser = _parser("st2-pack-setup-virtualenv", "Make the virtualenvs of packs anew.", "reference of a pack")
    parser.add_argument("--update", action="store_true", help=argparse.SUPPRESS)  # what is made anew is up to date
    _add_find_links(parser)
    return _run(parser, _setup_virtualenv, argv)


def _install(host: PackHost, options: argparse.Namespace) -> None:
    record = InstallationRecord(host.packs_dir, host.group)
    wanted = [source for source in options.packs if not (options.once and record.packs_of(source))]
    if not wanted:
        print("Everything is there already.")
        return
    done = Installer(host, None, print).install(
        wanted, options.force, options.skip_dependencies, find_links=options.find_links
    )
    if done.conflicts:
        raise InvalidInput("Nothing was installed, since packs want different versions: " + "; ".join(done.conflicts))
    for warning in done.warnings:
        print(warning, file=sys.stderr)
    for source in wanted:
        record.add(source, done.packs)
    _tell_how_to_register(host, done.packs)


def _download(host: PackHost, options: argparse.Namespace) -> None:
    done = Installer(host, None, print).install(options.packs, options.force, skip_dependencies=True, virtualenvs=False)
    _tell_how_to_register(host, done.packs)


def _setup_virtualenv(host: PackHost, options: argparse.Namespace) -> None:
    for pack in options.packs:
        with host.lock(pack):
            host.virtualenvs.setup(pack, host.installed_dir(pack), print, find_links=options.find_links)
        print(f'The virtualenv of pack "{pack}" is ready.')


def _tell_how_to_register(host: PackHost, packs: list[str]) -> None:
    words = " ".join(f"--register-pack {host.packs_dir / pack}" for pack in packs)
    print(f"Installed: {', '.join(packs)}. Register with: st2-register-content {words}")


def _parser(name: str, description: str, pack_help: str) -> argparse.ArgumentParser:
    examples = "".join(f"\n  {name} {example}" for example in _EXAMPLES[name])
    parser = make_parser(name, description, f"examples:{examples}")
    parser.add_argument("packs", nargs="+", metavar="PACK", help=pack_help)
    return parser


def _add_source_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="also packs that say that they do not fit this host")


def _add_find_links(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--find-links", metavar="PLACE", help="directory or page of Python packages, for pip")


def _run(parser: argparse.ArgumentParser, work: Work, argv: list[str] | None) -> int:
    options = parser.parse_args(argv)
    try:
        work(pack_host(config_of(options)), options)
    except St2liteError as error:
        print(f"{parser.prog}: {error.message}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{parser.prog}: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0

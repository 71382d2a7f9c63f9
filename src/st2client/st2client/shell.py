"""The command ``st2``: reads the global options, runs one command, turns errors into messages and exit codes.

Exit codes: 0 fine; 1 an error, or an execution that failed; 2 a command line that makes no sense, or an operation
that the server refused; 3 ``--print-config``; 130 interrupted.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from st2client import __version__

if TYPE_CHECKING:
    import argparse

    from st2client.client import Client
    from st2client.commands.base import Command, Session
    from st2client.settings import Options

EXIT_ERROR, EXIT_USAGE, EXIT_CONFIG_PRINTED, EXIT_INTERRUPTED = 1, 2, 3, 130


def entry() -> None:
    """Run the command line of the process, and end the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # terminals that cannot show a character still get a line
    code = main(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone, as in `st2 action list | head`; say nothing more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def main(argv: Sequence[str]) -> int:
    """Run a command line; return the exit code."""
    words = [word for word in argv if word != "--enable-profiler"]
    if words == ["--version"]:
        print(_version())
        return 0
    debug = "--debug" in words
    try:
        return _main([_decoded(word) for word in words])
    except SystemExit as leaving:  # the argument parser's way to end with usage or help
        return leaving.code if isinstance(leaving.code, int) else EXIT_ERROR
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001 - a user gets a message, never a traceback
        return _report(error, debug)


def _decoded(word: str) -> str:
    """A word of the command line as text, also where the locale is not UTF-8 (``ST2_CLI_RENCODE_ARGV`` of old)."""
    if word.isascii():
        return word
    try:
        return word.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeDecodeError as error:
        from st2client.errors import UsageError

        raise UsageError(f"The argument {word!a} is not UTF-8 text.") from error


def _main(words: list[str]) -> int:
    if not words:
        return _overview(failed=True)
    globals_ = _parse_globals(words)
    if globals_.version:
        print(_version())
        return 0
    if globals_.print_config:
        return _print_config(globals_)
    rest: list[str] = globals_.command
    if rest and rest[0] == "help":
        rest = [*rest[1:], "--help"]
    if globals_.help or rest in ([], ["--help"], ["-h"]):
        return _overview(failed=not (globals_.help or rest))
    command, arguments = _find(rest)
    if isinstance(command, int):
        return command
    args = command.parse(arguments)
    session = _session(command, args, globals_)
    try:
        return command.run(args, session) or 0
    finally:
        session.close()


def _overview(failed: bool) -> int:
    from st2client import help as helptext

    print(helptext.overview(), file=sys.stderr if failed else sys.stdout)
    return EXIT_USAGE if failed else 0


def _parse_globals(words: list[str]) -> argparse.Namespace:
    """Parse the options before the command; the command and what follows it come out as ``command``."""
    import argparse

    from st2client.commands.base import Parser

    parser = Parser(prog="st2", add_help=False, allow_abbrev=False, usage="st2 [global options] <command> [arguments]")
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--version", action="store_true")
    for option in ("url", "auth-url", "api-url", "stream-url", "api-version", "cacert", "basic-auth", "config-file"):
        parser.add_argument(f"--{option}", dest="base_url" if option == "url" else None)
    for option in ("print-config", "skip-config", "debug"):
        parser.add_argument(f"--{option}", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args(words)


def _find(words: list[str]) -> tuple[Command | int, list[str]]:
    """Find the command that words begin with; return it and the words after it, or an exit code."""
    from st2client import registry

    first = registry.ALIASES.get(words[0], words[0])
    if first in registry.SINGLES:
        return registry.load(first), words[1:]
    group = registry.GROUPS.get(first)
    if group is None:
        return _unknown(words[0], registry.names(), "st2", "")
    rest = words[1:]
    if not rest or rest[0] in ("-h", "--help"):
        from st2client import help as helptext

        print(helptext.group(first), file=sys.stdout if rest else sys.stderr)
        return (0 if rest else EXIT_USAGE), []
    for length in (2, 1):
        name = " ".join(rest[:length])
        if name in group.commands:
            return registry.load(first, name), rest[length:]
    return _unknown(rest[0], list(group.commands), f"st2 {first}", f"{first} ")


def _unknown(word: str, known: list[str], prog: str, prefix: str) -> tuple[int, list[str]]:
    from st2client import registry

    near = registry.suggestion(word, known)
    print(f'{prog}: error: there is no command "{prefix}{word}".', file=sys.stderr)
    print(f"Did you mean: st2 {prefix}{near}" if near else f"See the commands with: {prog} --help", file=sys.stderr)
    return EXIT_USAGE, []


def _session(command: Command, args: argparse.Namespace, globals_: argparse.Namespace) -> Session:
    from st2client.commands.base import Session
    from st2client.output.printer import standard

    style = "json" if getattr(args, "json", False) else "yaml" if getattr(args, "yaml", False) else "table"
    path = _config_path(globals_, must_exist=not command.writes_config)
    options = _options(path)
    globals_.debug = globals_.debug or options["cli"]["debug"]
    printer = standard(style, lambda: options["cli"]["timezone"])
    return Session(options, printer, lambda: _connect(command, args, globals_, options), path)


def _connect(command: Command, args: argparse.Namespace, globals_: argparse.Namespace, options: Options) -> Client:
    from st2client.client import Client
    from st2client.settings import parse_cacert

    general = options["general"]
    cacert = globals_.cacert if globals_.cacert is not None else general["cacert"]
    client = Client(
        base_url=globals_.base_url or general["base_url"],
        auth_url=globals_.auth_url or options["auth"]["url"],
        api_url=globals_.api_url or options["api"]["url"],
        stream_url=globals_.stream_url or options["stream"]["url"],
        api_version=globals_.api_version or general["api_version"],
        cacert=parse_cacert(cacert),
        debug=globals_.debug,
        basic_auth=globals_.basic_auth or options["credentials"]["basic_auth"],
    )
    if command.authenticates:
        from st2client.credentials import authenticate

        given = {name: getattr(args, name, None) for name in ("token", "api_key")}
        authenticate(client, options, given, os.environ)
    return client


def _config_path(globals_: argparse.Namespace, must_exist: bool = True) -> str | None:
    """Path of the configuration file; None when it is not to be read."""
    from st2client import settings

    if globals_.skip_config or os.environ.get("ST2_CLI_SKIP_CONFIG", "").lower() in settings.TRUE_WORDS:
        return None
    return settings.config_path(globals_.config_file, must_exist=must_exist)


def _options(path: str | None) -> Options:
    from st2client import settings

    return settings.load(path)


def _print_config(globals_: argparse.Namespace) -> int:
    for section, options in _options(_config_path(globals_)).items():
        print(f"[{section}]")
        for name, value in options.items():
            print(f"{name} = {value}")
    return EXIT_CONFIG_PRINTED


def _report(error: Exception, debug: bool) -> int:
    sys.stdout.flush()
    message = str(error) or type(error).__name__
    hint = getattr(error, "hint", "")
    print(f"ERROR: {message}", file=sys.stderr)
    if hint:
        print(hint, file=sys.stderr)
    if debug:
        import traceback

        traceback.print_exception(error)
    elif not hasattr(error, "exit_code"):
        print(f"This is a bug in st2 ({type(error).__name__}); --debug shows where.", file=sys.stderr)
    return int(getattr(error, "exit_code", EXIT_ERROR))


def _version() -> str:
    version = sys.version_info
    return f"st2 {__version__}, on Python {version.major}.{version.minor}.{version.micro}"

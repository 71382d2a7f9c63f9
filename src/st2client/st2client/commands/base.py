"""What a command is: it declares its arguments, and runs in a session."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from st2client.client import Client
from st2client.errors import St2ClientError
from st2client.output.printer import Printer
from st2client.settings import Options

#: Options that belong before the command.
GLOBAL_OPTIONS = (
    *("--url", "--auth-url", "--api-url", "--stream-url", "--api-version", "--cacert", "--basic-auth"),
    *("--config-file", "--skip-config", "--debug"),
)


class Parser(argparse.ArgumentParser):
    """Says how to get help along with what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        hint = f"For all options and examples: {self.prog} --help"
        for option in GLOBAL_OPTIONS:
            if f" {option}" in f" {message}":
                hint = f"{option} goes before the command: st2 {option} … {self.prog.removeprefix('st2 ')}"
        self.exit(2, f"{self.prog}: error: {message}\n{hint}\n")


class Session:
    """One invocation of the command line: its client, its printer and its settings."""

    def __init__(
        self, options: Options, printer: Printer, connect: Callable[[], Client], config_path: str | None = None
    ) -> None:
        self.options = options
        self.printer = printer
        self.config_path = config_path
        self._connect = connect
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """The client, logged in; made when first asked for."""
        if self._client is None:
            self._client = self._connect()
        return self._client

    def close(self) -> None:
        """Close the client's connections, if there is a client."""
        if self._client is not None:
            self._client.close()

    def manager(self, kind: str) -> Any:
        """The manager of a kind of resources."""
        return self.client.managers[kind]

    def confirm(self, question: str) -> bool:
        """Ask a question that is answered with yes or no. Without a terminal the answer is no."""
        if not sys.stdin.isatty():
            return False
        return input(f"{question} (y/n): ").strip().lower() in ("y", "yes")


class Command:
    """Base of the commands. ``run`` returns the exit code; None is 0."""

    #: ``group command`` and its line of help; the registry sets them.
    name = ""
    help = ""
    #: More about it, for ``--help``.
    description = ""
    #: Example command lines, each with what it does.
    examples: Sequence[tuple[str, str]] = ()
    #: Whether it acts as someone, and whether ``--token`` and ``--api-key`` may say as whom.
    authenticates = True
    credential_options = True
    #: Whether it may create the configuration file.
    writes_config = False
    #: Whether ``-j`` and ``-y`` mean something.
    formats = True
    #: Whether ``-h`` prints the help of the command itself.
    plain_help = True
    #: Whether words after ``--`` are taken as they are into the argument of this name.
    rest_argument = ""

    def parser(self) -> Parser:
        """Build the parser of the command's arguments."""
        text = "\n".join(part for part in (self.help, self.description) if part)
        parser = Parser(
            prog=f"st2 {self.name}",
            description=text,
            epilog=_examples(self.examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            add_help=self.plain_help,
            allow_abbrev=False,
        )
        if self.credential_options:
            parser.add_argument("-t", "--token", help="access token (default: ST2_AUTH_TOKEN)")
            parser.add_argument("--api-key", help="API key (default: ST2_API_KEY)")
        if self.formats:
            parser.add_argument("-j", "--json", action="store_true", help="print JSON")
            parser.add_argument("-y", "--yaml", action="store_true", help="print YAML")
        self.arguments(parser)
        return parser

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse the words after the command's name. Ends the process with code 2 when they make no sense."""
        parser = self.parser()
        words, rest = list(words), []
        if self.rest_argument and "--" in words:
            cut = words.index("--")
            words, rest = words[:cut], words[cut + 1 :]
        args = parser.parse_intermixed_args(words)
        if self.rest_argument:
            setattr(args, self.rest_argument, [*(getattr(args, self.rest_argument) or ()), *rest])
        return args

    def arguments(self, parser: Parser) -> None:
        """Declare the arguments of this command."""

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        """Do it."""
        raise NotImplementedError


def add_attributes(parser: Parser, default: Sequence[str], short: bool = True) -> None:
    """``-a/--attr``: what to show."""
    flags = ("-a", "--attr") if short else ("--attr",)
    parser.add_argument(
        *flags, nargs="+", default=list(default), metavar="ATTR", help='attributes to show, "all" for everything'
    )


def add_widths(parser: Parser) -> None:
    """``-w/--width``: widths of columns."""
    parser.add_argument("-w", "--width", nargs="+", type=int, metavar="N", help="widths of the columns")


def add_last(parser: Parser, things: str, default: int = 50) -> None:
    """``-n/--last``: how many to show."""
    parser.add_argument(
        "-n", "--last", type=count, default=default, metavar="N", help=f"show the newest N {things} (-1: all of them)"
    )


def count(text: str) -> int:
    """A number of things to show: positive, or -1 for all."""
    number = int(text)
    if number < -1 or number == 0:
        raise argparse.ArgumentTypeError("must be 1 or more, or -1 for all")
    return number


def not_found(session: Session, display_name: str, name: str) -> None:
    """Say that something does not exist."""
    session.printer.remark(f'{display_name} "{name}" is not found.\n')


def is_not_found(error: St2ClientError) -> bool:
    """Whether the server's refusal means that the thing does not exist (a malformed id is refused with 400)."""
    return getattr(getattr(error, "response", None), "status_code", None) in (400, 404)


def _examples(examples: Sequence[tuple[str, str]]) -> str | None:
    if not examples:
        return None
    return "examples:\n" + "\n".join(f"  {line}\n      {text}" for line, text in examples)

"""``st2 completion``: scripts that let a shell complete commands, options and names of actions."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from st2client.commands.base import Command, Parser, Session


class Completion(Command):
    """Prints the completion script of a shell."""

    credential_options = False
    formats = False
    description = "Commands and options are completed, and after `st2 run` the names of the server's actions."
    examples = (
        ("source <(st2 completion bash)", "for this bash; put it into ~/.bashrc for all"),
        ("st2 completion zsh > ~/.zfunc/_st2", "for zsh, with ~/.zfunc in fpath"),
    )

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("shell", choices=("bash", "zsh"), help="which shell")
        parser.set_defaults(asked=False)

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        # "words" is what the scripts call: the rest is the line being typed, options and all.
        if list(words[:1]) == ["words"]:
            return argparse.Namespace(asked=True, line=list(words[1:]) or [""])
        return super().parse(words)

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        from st2client import completion

        if args.asked:
            for word in completion.words(args.line, session):
                session.printer.line(word)
        else:
            session.printer.line(completion.script(args.shell))
        return None


COMMANDS: dict[str, Command] = {"completion": Completion()}

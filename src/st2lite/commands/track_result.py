"""st2-track-result: have the engine look at workflows again whose end somebody waits for."""

from __future__ import annotations

import argparse
import sys

from st2lite.commands.place import make_parser, run
from st2lite.executions import events
from st2lite.models import statuses
from st2lite.models.action import WORKFLOW_RUNNERS
from st2lite.models.errors import BusUnavailable, InvalidInput, NotFound
from st2lite.models.execution import Execution
from st2lite.services.context import AppContext
from st2lite.workflows.recovery import WAKE

_EPILOG = """\
A workflow goes on by itself when one of its tasks ends, and one that stands still all the same is found by st2notifier
within seconds. This asks for it at once. Asking needlessly does no harm.

examples:
  st2-track-result 65f0aa0000000000000000e1
  st2-track-result 65f0aa0000000000000000e1 65f0aa0000000000000000e2

exit codes: 0 all was done that there was to do, 1 an execution does not exist or cannot be tracked
"""


def main(argv: list[str] | None = None) -> int:
    parser = make_parser("st2-track-result", "Have workflows looked at again by their engine.", _EPILOG)
    parser.add_argument("executions", nargs="+", metavar="EXECUTION_ID", help="execution of a workflow")
    return run(parser, argv, _track)


def _track(context: AppContext, options: argparse.Namespace) -> int:
    if context.config.messaging.url.startswith("memory:"):
        raise InvalidInput(
            "The engine of a standalone installation cannot be reached from another process. It finds workflows that "
            "stand still by itself, every [scheduler] rescheduling_interval seconds."
        )
    found = {identifier: context.store.get(Execution, identifier) for identifier in options.executions}
    missing = [identifier for identifier, execution in found.items() if execution is None]
    if missing:
        raise NotFound(f"There is no execution {', '.join(missing)}; list them with: st2 execution list")
    for execution in filter(None, found.values()):
        print(f"{execution.id} ({execution.action_ref}): {_ask(context, execution)}")
    return 0


def _ask(context: AppContext, execution: Execution) -> str:
    """Ask for a look at one execution; return what was done, or why there was nothing to do."""
    if execution.status in statuses.COMPLETED:
        return f"has ended as {execution.status}; there is nothing to track."
    if execution.runner_name not in WORKFLOW_RUNNERS:
        return f"needs no tracking, since the worker of its runner ({execution.runner_name}) writes the result itself."
    if not events.control(context.bus, execution, WAKE):
        raise BusUnavailable("The broker does not take messages; st2ctl status says more.")
    return f"is {execution.status}; the engine was asked to look at it."


if __name__ == "__main__":
    sys.exit(main())

"""st2-purge-executions, st2-purge-trigger-instances: remove what is older than a given time, now."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from st2lite.commands.place import make_parser, run
from st2lite.executions.purging import Purge
from st2lite.models.timestamps import parse_timestamp
from st2lite.models.trigger import PROCESSED, PROCESSING_FAILED, TriggerInstance
from st2lite.services.context import AppContext
from st2lite.storage.contract import Filter, In, Range, Store

Work = Callable[[Store, Purge, str, argparse.Namespace], int]
"""Removes, or with `dry_run` counts, what is older than a timestamp."""


_EPILOG = """\
Services need not be stopped.

examples:
  {name} --timestamp 2026-01-31T12:00:00Z --dry-run
  {name} --timestamp 2026-01-31T12:00:00Z --data-dir ~/.st2lite/data
"""


def executions(argv: list[str] | None = None) -> int:
    """Remove executions with their children and output."""
    parser = _parser("st2-purge-executions", "Remove executions that ended before a time, with children and output.")
    parser.add_argument("--action-ref", metavar="REF", help="only executions of this action")
    return _run(
        parser,
        argv,
        "executions",
        lambda _store, purge, before, options: purge.executions(
            before, options.action_ref, options.purge_incomplete, options.dry_run
        ),
    )


def trigger_instances(argv: list[str] | None = None) -> int:
    """Remove trigger instances."""
    parser = _parser("st2-purge-trigger-instances", "Remove trigger instances that occurred before a time.")
    return _run(parser, argv, "trigger instances", _trigger_instances)


def _trigger_instances(store: Store, purge: Purge, before: str, options: argparse.Namespace) -> int:
    filters: list[Filter] = [Range("occurrence_time", lt=before)]
    if not options.purge_incomplete:
        filters.append(In("status", (PROCESSED, PROCESSING_FAILED)))
    return store.count(TriggerInstance, filters) if options.dry_run else purge.documents(TriggerInstance, filters)


def _parser(name: str, description: str) -> argparse.ArgumentParser:
    parser = make_parser(name, description, _EPILOG.format(name=name))
    parser.add_argument(
        "--timestamp", metavar="TIME", required=True, help="remove what is older, in UTC, like 2026-01-31T12:00:00Z"
    )
    parser.add_argument("--purge-incomplete", action="store_true", help="also remove what is not done with yet")
    parser.add_argument("--dry-run", action="store_true", help="remove nothing, say how much would be removed")
    return parser


def _run(parser: argparse.ArgumentParser, argv: list[str] | None, what: str, work: Work) -> int:
    def purge(context: AppContext, options: argparse.Namespace) -> int:
        before = parse_timestamp(options.timestamp, "--timestamp")
        context.store.ensure_schema()
        garbage = context.config.garbagecollector
        purge = Purge(context.store, garbage.batch, lambda: _rest(garbage.sleep_delay))
        count = work(context.store, purge, before, options)
        print(f"{count} {what} older than {before} {'would be removed' if options.dry_run else 'were removed'}.")
        return 0

    return run(parser, argv, purge, refusal=2)


def _rest(seconds: float) -> bool:
    """Leave the database to others for a moment; nobody breaks this off but the user."""
    time.sleep(seconds)
    return False


if __name__ == "__main__":
    sys.exit(executions())

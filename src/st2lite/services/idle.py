"""Working on an installation while nothing of it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from st2lite.models.errors import InvalidInput
from st2lite.models.service import ServiceMember
from st2lite.services.context import AppContext
from st2lite.services.installation import Installation
from st2lite.services.standalone import take_lock


@contextmanager
def stopped(where: Installation, old_schema: bool = False) -> Iterator[AppContext]:
    """Open an installation that is stopped, and keep standalone from starting meanwhile.

    The schema is brought up to date first; with `old_schema` it is left as it is, older or newer. Raises `InvalidInput`
    while services run, and `ConfigError` while standalone does.
    """
    with ExitStack() as stack:
        if where.data_dir is not None:
            stack.enter_context(take_lock(where.data_dir))
        context = AppContext(where.config)
        stack.callback(context.close)
        if not (old_schema and context.store.schema()):
            context.store.ensure_schema()
        running = {member.group for member in context.store.find(ServiceMember) if member.expires > time.time()}
        if running:
            names = ", ".join(sorted(running))
            raise InvalidInput(f"{names} run: stop them first (st2ctl stop), so that nothing is lost.")
        yield context

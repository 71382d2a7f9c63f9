"""Another attempt after an execution that failed or timed out, as a policy of its action wants it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from st2lite.executions.requests import Cause
from st2lite.models.errors import InvalidInput
from st2lite.models.execution import Execution
from st2lite.models.ids import derived_id
from st2lite.policies.index import PolicyIndex
from st2lite.policies.retry import ENDS, next_attempt

logger = logging.getLogger(__name__)


class Retries:
    """Requests further attempts with `request`, which is that of `executions.requests.Requests`."""

    def __init__(self, policies: PolicyIndex, request: Callable[..., Execution]) -> None:
        self._policies = policies
        self._request = request

    def ended(self, execution: Execution) -> None:
        """Request the attempt that follows on an execution, if a policy calls for one; at most one ever does.

        It has the parameters, the user, the cause and the trace of the first, and a context that tells what it repeats.
        """
        if execution.status not in ENDS or execution.parent is not None:
            return
        attempt = next_attempt(self._policies.of(execution.action_ref).retries, execution)
        if attempt is None:
            return
        retry, context = attempt
        try:
            self._request(
                execution.action_ref,
                execution.parameters,
                execution.context.get("user", ""),
                context,
                execution.notify,
                retry.delay,
                execution.callback,
                Cause(execution.rule, execution.trigger, execution.trigger_type, execution.trigger_instance),
                derived_id(execution.id, "retry"),
                execution.trace,
            )
        except InvalidInput as error:  # the action was changed, disabled or removed since
            logger.warning('Policy "%s" cannot repeat execution %s: %s', retry.policy, execution.id, error.message)

"""Enforcing a rule: its action is requested, and the record that says so is written. Both come into being only once."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from typing import Any

from st2lite.executions.service import ExecutionService
from st2lite.models import statuses, timestamps
from st2lite.models.errors import Conflict, St2liteError, StoreUnavailable
from st2lite.models.execution import Execution
from st2lite.models.ids import derived_id
from st2lite.models.rule import FAILED, SUCCEEDED, Rule, RuleEnforcement
from st2lite.models.trigger import TriggerInstance
from st2lite.reactor.causes import cause_of
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)


class Enforcer:
    """Enforces rules on behalf of `user`, the system user. Safe to use from many threads.

    To enforce a rule a second time for the same instance changes nothing. Raises `StoreUnavailable`: then it is not
    known how far it came, and it has to be done again.
    """

    def __init__(self, store: Store, executions: ExecutionService, user: str) -> None:
        self._store = store
        self._executions = executions
        self._user = user

    def enforce(self, rule: Rule, instance: TriggerInstance, variables: Mapping[str, Any] | None = None) -> None:
        """Request the action of a rule (see `request`) and record how that went."""
        with contextlib.suppress(Conflict):
            self._store.insert(self.request(rule, instance, variables))

    def request(
        self, rule: Rule, instance: TriggerInstance, variables: Mapping[str, Any] | None = None
    ) -> RuleEnforcement:
        """Request the action of a rule; return the record of how that went, which is still to be written.

        Templates in the parameters see the payload as `trigger`, and `variables` besides.
        """
        identifier = derived_id(instance.id, "execution", rule.id)
        try:
            self._executions.request(
                rule.action["ref"],
                rule.action.get("parameters") or {},
                self._user,
                {
                    "trigger_instance": {"id": instance.id, "name": None},
                    "rule": {"id": rule.id, "name": rule.name},
                },
                cause=cause_of(self._store, rule, instance),
                identifier=identifier,
                trace=instance.trace,
                variables={"trigger": instance.payload, **(variables or {})},
            )
        except StoreUnavailable:
            raise
        except St2liteError as error:
            # What stands in the way now did not, when this was begun by an engine that came no further.
            if not self._was_accepted(identifier):
                return self.failure(rule, instance, error.message)
        except Exception as error:
            logger.exception("Rule %s could not be enforced for trigger instance %s.", rule.ref, instance.id)
            return self.failure(rule, instance, str(error) or type(error).__name__)
        return self._record(rule, instance, SUCCEEDED, execution_id=identifier)

    def failure(self, rule: Rule, instance: TriggerInstance, reason: str) -> RuleEnforcement:
        """Return the record that a rule could not be enforced, or not even be judged, which is still to be written."""
        logger.warning("Rule %s is not enforced for trigger instance %s: %s", rule.ref, instance.id, reason)
        return self._record(rule, instance, FAILED, failure_reason=reason)

    @staticmethod
    def _record(
        rule: Rule,
        instance: TriggerInstance,
        status: str,
        execution_id: str | None = None,
        failure_reason: str | None = None,
    ) -> RuleEnforcement:
        return RuleEnforcement(
            id=derived_id(instance.id, "enforcement", rule.id),
            trigger_instance_id=instance.id,
            rule={"ref": rule.ref, "id": rule.id, "uid": rule.uid},
            enforced_at=timestamps.now(),
            status=status,
            execution_id=execution_id,
            failure_reason=failure_reason,
        )

    def _was_accepted(self, identifier: str) -> bool:
        """Tell whether there is an execution with this id other than the record of a request that was refused."""
        execution = self._store.get(Execution, identifier)
        return execution is not None and [entry.status for entry in execution.log] != [
            statuses.REQUESTED,
            statuses.FAILED,
        ]

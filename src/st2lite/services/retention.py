"""How long documents are kept: every collection is either kept or has somebody who removes what it no longer needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from st2lite.executions.purging import Purge
from st2lite.models.access import ApiKey, Secret, Token, User
from st2lite.models.action import Action, RunnerType
from st2lite.models.alias import ActionAlias
from st2lite.models.datastore import KeyValuePair
from st2lite.models.document import Document
from st2lite.models.execution import Execution, OutputChunk, Snapshot, Worker
from st2lite.models.pack import ConfigSchema, Pack, PackConfig, Registration
from st2lite.models.policy import Policy
from st2lite.models.rule import Rule, RuleEnforcement
from st2lite.models.sensor import SensorType
from st2lite.models.service import ServiceMember
from st2lite.models.throttle import ThrottleState
from st2lite.models.timestamps import from_epoch
from st2lite.models.trigger import PROCESSED, PROCESSING_FAILED, Trigger, TriggerInstance, TriggerType
from st2lite.storage.contract import Equal, In, Range, Store

DAY = 86400.0

KEPT: dict[type[Document], str] = {
    **dict.fromkeys(
        (Action, RunnerType, ActionAlias, Policy, Rule, SensorType, TriggerType, Pack, PackConfig, ConfigSchema),
        "content: there is as much of it as the packs bring and people make",
    ),
    Registration: "one document per pack",
    Trigger: "removed with the last rule that names it; one that its rule never came to, by the garbage collector",
    User: "one document per user",
    ApiKey: "valid until somebody deletes it",
    Secret: "a few keys of the installation itself",
    Snapshot: "one document per version of an action; an execution may come to refer to an old one at any time",
    Worker: "removed by the backup scheduler when its lease has run out",
}
"""Collections that the collector leaves alone, and why they do not grow without end."""

COLLECTED: frozenset[type[Document]] = frozenset(
    {Execution, OutputChunk, TriggerInstance, RuleEnforcement, Token, KeyValuePair, ThrottleState, ServiceMember}
)
"""Collections that grow by themselves; `Collector` removes from each of them."""


@dataclass(frozen=True)
class Periods:
    """Days that documents are kept; 0 stands for ever."""

    executions: int
    outputs: int
    trigger_instances: int
    rule_enforcements: int


class Collector:
    """Removes what has outlived its time. `clock` gives epoch seconds."""

    def __init__(self, store: Store, purge: Purge, periods: Periods, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._purge = purge
        self._periods = periods
        self._clock = clock

    def collect(self) -> dict[str, int]:
        """Remove what is older than its period; return how much of what that was.

        What is not done with is never removed: executions that have not completed, with their parents, children and
        output, and trigger instances that no rule was tried on.
        """
        periods = self._periods
        counts: dict[str, int] = {}
        if periods.executions:
            counts["executions"] = self._purge.executions(self._before(periods.executions))
        if periods.outputs:
            counts["pieces of output"] = self._purge.outputs(self._before(periods.outputs))
        if periods.trigger_instances:
            counts["trigger instances"] = self._purge.documents(
                TriggerInstance,
                (
                    In("status", (PROCESSED, PROCESSING_FAILED)),
                    Range("occurrence_time", lt=self._before(periods.trigger_instances)),
                ),
            )
        if periods.rule_enforcements:
            old = Range("enforced_at", lt=self._before(periods.rule_enforcements))
            counts["rule enforcements"] = self._purge.documents(RuleEnforcement, (old,))
        return counts

    def expire(self) -> dict[str, int]:
        """Remove what has run out: tokens, items of the datastore, throttles of rules, services that are gone.

        A service counts as gone for a day before: the clocks of its host and ours may differ.
        """
        now = self._clock()
        moment = from_epoch(now)
        return {
            "tokens": self._purge.documents(Token, (Range("expiry", lt=moment),)),
            "datastore items": self._purge.documents(KeyValuePair, (Range("expire_timestamp", lte=moment),)),
            "throttles": self._purge.documents(ThrottleState, (Range("expires", lt=now), Equal("due", None))),
            "services": self._purge.documents(ServiceMember, (Range("expires", lt=now - DAY),)),
        }

    def _before(self, days: int) -> str:
        return from_epoch(max(self._clock() - days * DAY, 0.0))

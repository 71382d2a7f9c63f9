"""Finding the rules that match a trigger instance.

Only rules that listen for its trigger are looked at: they are found through an index, and made ready once per revision.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from st2lite.models.errors import InvalidInput, StoreUnavailable
from st2lite.models.rule import Rule
from st2lite.models.throttle import Throttle, parse_throttle
from st2lite.models.trigger import TriggerInstance
from st2lite.reactor.criteria import Criteria
from st2lite.reactor.facts import Facts
from st2lite.rendering.crypto import KeyRing
from st2lite.storage.contract import Equal, Store

logger = logging.getLogger(__name__)

_CAPACITY = 20_000


@dataclass(frozen=True)
class ReadyRule:
    """A rule with its criteria and its throttle (None: it has none), made ready."""

    rule: Rule
    criteria: Criteria
    throttle: Throttle | None


@dataclass
class Matches:
    """The rules that a trigger instance is to be enforced by, and those that could not be judged, with the reason."""

    facts: Facts
    rules: list[ReadyRule] = field(default_factory=list)
    faults: list[tuple[Rule, str]] = field(default_factory=list)


class Matcher:
    """Holds trigger instances against rules. `user` is the system user. Safe to use from many threads."""

    def __init__(self, store: Store, crypto: KeyRing | None, user: str) -> None:
        self._store = store
        self._crypto = crypto
        self._user = user
        self._ready: dict[str, ReadyRule] = {}

    def match(self, instance: TriggerInstance) -> Matches:
        """Judge the enabled rules of the instance's trigger; backstop rules have their turn when no other matched."""
        rules = self._store.find(Rule, (Equal("trigger", instance.trigger), Equal("enabled", True)))
        matches = Matches(self.facts(instance))
        self._judge((rule for rule in rules if not rule.is_backstop), instance, matches)
        if not matches.rules:
            self._judge((rule for rule in rules if rule.is_backstop), instance, matches)
        return matches

    def facts(self, instance: TriggerInstance) -> Facts:
        """What the criteria of rules can refer to."""
        return Facts.of(instance.payload, self._store, self._crypto, self._user)

    def ready(self, rule: Rule) -> ReadyRule:
        """A rule made ready; raise `InvalidInput` for a throttle that makes no sense."""
        known = self._ready.get(rule.id)
        if known is not None and known.rule.rev == rule.rev:
            return known
        made = ReadyRule(rule, Criteria(rule.criteria), parse_throttle(rule.throttle))
        if len(self._ready) >= _CAPACITY:
            self._ready.clear()
        self._ready[rule.id] = made
        return made

    def _judge(self, rules: Iterable[Rule], instance: TriggerInstance, matches: Matches) -> None:
        for rule in rules:
            try:
                ready = self.ready(rule)
                if ready.criteria.mismatch(matches.facts) is None:
                    matches.rules.append(ready)
            except InvalidInput as error:
                matches.faults.append((rule, error.message))
            except StoreUnavailable:
                raise
            except Exception as error:  # unforeseen, and no reason to keep other rules from their turn
                logger.exception("Rule %s could not be held against trigger instance %s.", rule.ref, instance.id)
                matches.faults.append((rule, str(error) or type(error).__name__))

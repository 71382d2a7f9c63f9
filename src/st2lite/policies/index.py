"""The enabled policies, in memory by action: an action without policies costs whoever asks no round trip."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from st2lite.models.policy import RETRY, Policy
from st2lite.policies.concurrency import Limit, make_limit
from st2lite.policies.retry import Retry, make_retry
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

SECONDS = 1.0
"""How long policies are remembered. A write is seen at once where it is announced, and after this time anyway."""


@dataclass(frozen=True)
class ActionPolicies:
    """The enabled policies of one action, each kind sorted by reference."""

    limits: tuple[Limit, ...] = ()
    retries: tuple[Retry, ...] = ()


_NONE = ActionPolicies()


class PolicyIndex:
    """Knows the policies of every action. Safe to use from many threads."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._reading = threading.Lock()
        self._lock = threading.Lock()
        self._by_action: dict[str, ActionPolicies] = {}
        self._expires = float("-inf")
        self._writes = 0

    def of(self, action_ref: str) -> ActionPolicies:
        """The policies of an action; may raise `StoreUnavailable`."""
        if self._clock() >= self._expires:
            # Nobody goes on with what is known to be old: an action would run past its limits while these are read.
            with self._reading:
                if self._clock() >= self._expires:
                    self._read()
        return self._by_action.get(action_ref, _NONE)

    def forget(self) -> None:
        """Read the policies anew when they are asked for: one was written."""
        with self._lock:
            self._writes += 1
            self._expires = float("-inf")

    def _read(self) -> None:
        writes, now = self._writes, self._clock()
        by_action = _group(self._store.find(Policy))
        with self._lock:
            self._by_action = by_action
            if writes == self._writes:  # else one was written meanwhile, and may not have been read
                self._expires = now + SECONDS


def _group(policies: list[Policy]) -> dict[str, ActionPolicies]:
    limits: dict[str, list[Limit]] = {}
    retries: dict[str, list[Retry]] = {}
    for policy in sorted(policies, key=lambda policy: policy.ref):
        if not policy.enabled:
            continue
        try:
            if policy.policy_type == RETRY:
                retries.setdefault(policy.resource_ref, []).append(make_retry(policy))
            else:
                limits.setdefault(policy.resource_ref, []).append(make_limit(policy))
        except (KeyError, TypeError, ValueError) as error:
            # It was written past the API and the registrar, which check them.
            logger.error('Policy "%s" has no effect: its parameters cannot be used (%r).', policy.ref, error)
    return {
        action: ActionPolicies(tuple(limits.get(action, ())), tuple(retries.get(action, ())))
        for action in limits.keys() | retries.keys()
    }

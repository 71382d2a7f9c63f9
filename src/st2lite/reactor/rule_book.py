"""Rules made, changed and removed through the API, together with the triggers they listen for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from st2lite.content.locations import DEFAULT_PACK
from st2lite.content.packs import given_pack
from st2lite.content.rules import listen, make_rule
from st2lite.content.triggers import Triggers
from st2lite.models.errors import Conflict, StaleWrite
from st2lite.models.rule import Rule
from st2lite.reactor.rule_views import RuleViews
from st2lite.storage.contract import Store
from st2lite.storage.lookups import find_now, get_named


class RuleBook:
    """All rules. Safe when several processes use it at once."""

    def __init__(self, store: Store, triggers: Triggers, views: RuleViews) -> None:
        self._store = store
        self._triggers = triggers
        self._views = views

    def get(self, ref_or_id: str) -> Rule:
        """Return a rule by reference or by id; raise `NotFound`."""
        return get_named(self._store, Rule, ref_or_id, what="Rule with a reference or id")

    def create(self, content: Mapping[str, Any], user: str) -> Rule:
        """Make a rule of `user`; raise `InvalidInput` for faulty metadata, `Conflict` if there is one of its name."""
        rule = _read(content, given_pack(content, DEFAULT_PACK), user)
        existing = find_now(self._store, Rule, "ref", rule.ref)
        if existing:
            raise Conflict(f'Rule "{rule.ref}" exists already.', existing.id)
        self._store_listening(rule, self._store.insert)
        return rule

    def update(self, rule: Rule, content: Mapping[str, Any], user: str) -> Rule:
        """Give a rule new metadata; its id stays. Masked secrets that come back stand for what they hide.

        Raise `InvalidInput` for faulty metadata, `Conflict` if somebody else has just changed the rule.
        """
        changed = _read({"name": rule.name, **content}, given_pack(content, rule.pack), user)
        changed.id, changed.rev = rule.id, rule.rev
        changed.metadata_file = changed.metadata_file or rule.metadata_file
        changed.action = {**changed.action, "parameters": self._views.unmasked(changed.action["parameters"], rule)}
        self._store_listening(changed, self._store.replace)
        if changed.trigger["ref"] != rule.trigger["ref"]:
            self._triggers.release(rule.trigger["ref"])
        return changed

    def delete(self, rule: Rule) -> None:
        """Remove a rule, and its trigger with the last rule that listens for it."""
        self._store.delete(Rule, rule.id)
        self._triggers.release(rule.trigger["ref"])

    def _store_listening(self, rule: Rule, write: Callable[[Rule], None]) -> None:
        listen(rule, self._triggers)
        try:
            write(rule)
        except StaleWrite:
            self._triggers.release(rule.trigger["ref"])
            raise Conflict(f'Rule "{rule.ref}" was changed by somebody else meanwhile; try again.') from None
        except Conflict:
            self._triggers.release(rule.trigger["ref"])
            raise
        # Whoever removed the last other rule of this trigger may have removed the trigger, too, before ours was there.
        listen(rule, self._triggers)


def _read(content: Mapping[str, Any], pack: str, user: str) -> Rule:
    rule = make_rule({**content, "pack": pack}, pack)
    rule.context = {**rule.context, "user": user}
    return rule

"""Writing StackStorm's objects into our store, each for itself: what is wrong with one stops no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from st2lite.content.aliases import make_alias
from st2lite.content.policies import make_policy
from st2lite.content.rules import listen, make_rule
from st2lite.content.trigger_types import make_trigger_type, store_trigger_types
from st2lite.content.triggers import Triggers
from st2lite.models.access import ApiKey, User
from st2lite.models.alias import ActionAlias
from st2lite.models.datastore import SYSTEM_SCOPE, USER_SCOPE, KeyValuePair
from st2lite.models.document import Document
from st2lite.models.errors import Conflict, InvalidInput, St2liteError, StoreUnavailable
from st2lite.models.ids import is_id, new_id
from st2lite.models.policy import Policy
from st2lite.models.rule import Rule
from st2lite.models.timestamps import now
from st2lite.models.trigger import TriggerType
from st2lite.rendering.crypto import KeyRing
from st2lite.services.stackstorm.report import FAILED, IMPORTED, KEPT, UPDATED, Report
from st2lite.services.stackstorm.sources import KINDS, Row, Source
from st2lite.storage.contract import Equal, Store, find_one

_SCOPES = {"system": SYSTEM_SCOPE, "user": USER_SCOPE, SYSTEM_SCOPE: SYSTEM_SCOPE, USER_SCOPE: USER_SCOPE}
_RULE = ("name", "description", "enabled", "type", "trigger", "criteria", "action", "context", "tags")
_POLICY = ("name", "description", "enabled", "resource_ref", "policy_type", "parameters")
_ALIAS = ("name", "description", "enabled", "action_ref", "formats", "ack", "result", "extra", "immutable_parameters")
_TRIGGER_TYPE = ("name", "description", "payload_schema", "parameters_schema", "tags")


class Importer:
    """Imports from one source. `theirs` is StackStorm's datastore key, `ours` the one of this installation.

    `coordinated` is whether services here can agree on locks, without which policies of concurrency are refused.
    """

    def __init__(
        self,
        store: Store,
        triggers: Triggers,
        theirs: KeyRing | None,
        ours: KeyRing | None,
        coordinated: bool,
        report: Report,
    ) -> None:
        self._store = store
        self._triggers = triggers
        self._theirs = theirs
        self._ours = ours
        self._coordinated = coordinated
        self._report = report
        self._steps: dict[str, Callable[[Row], str]] = {
            "trigger_types": self._trigger_type,
            "rules": self._rule,
            "policies": self._policy,
            "aliases": self._alias,
            "keys": self._key,
            "api_keys": self._api_key,
            "users": self._user,
        }

    def run(self, source: Source) -> None:
        """Import all that the source has; the report says what became of it."""
        for kind in KINDS:
            try:
                for row in source.rows(kind):
                    self._import(kind, row)
            except InvalidInput as error:
                self._report.add(kind, "(all)", FAILED, error.message)

    def _import(self, kind: str, row: Row) -> None:
        name = str(row.get("ref") or row.get("name") or row.get("user") or row.get("id"))
        try:
            outcome = self._steps[kind](row)
        except StoreUnavailable:
            raise
        except St2liteError as error:
            self._report.add(kind, name, FAILED, error.message)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self._report.add(kind, name, FAILED, f"it has not the shape of StackStorm's ({error!r})")
        else:
            self._report.add(kind, name, outcome)

    def _trigger_type(self, row: Row) -> str:
        if find_one(self._store, TriggerType, Equal("ref", f"{row['pack']}.{row['name']}")):
            return KEPT
        store_trigger_types(self._store, [make_trigger_type(_part(row, _TRIGGER_TYPE), row["pack"])])
        return IMPORTED

    def _rule(self, row: Row) -> str:
        rule = make_rule(_part(row, _RULE), row["pack"])
        known = find_one(self._store, Rule, Equal("ref", rule.ref))
        if known is None:
            listen(rule, self._triggers)
        return self._keep(row, rule, known)

    def _policy(self, row: Row) -> str:
        policy = make_policy(_part(row, _POLICY), row["pack"], self._coordinated)
        return self._keep(row, policy, find_one(self._store, Policy, Equal("ref", policy.ref)))

    def _alias(self, row: Row) -> str:
        alias = make_alias(_part(row, _ALIAS), row["pack"])
        return self._keep(row, alias, find_one(self._store, ActionAlias, Equal("ref", alias.ref)))

    def _key(self, row: Row) -> str:
        secret = bool(row.get("secret") or row.get("encrypted"))
        scope = _SCOPES.get(row.get("scope") or "system")
        if scope is None:
            raise InvalidInput(f'scope "{row["scope"]}" is not known')
        if row.get("expire_timestamp") and row["expire_timestamp"] <= now():
            return KEPT
        item = KeyValuePair(
            name=row["name"],
            value=self._reencrypted(row["value"]) if secret else row["value"],
            scope=scope,
            secret=secret,
            description=row.get("description") or "",
            expire_timestamp=row.get("expire_timestamp"),
        )
        return self._insert(row, item)

    def _reencrypted(self, value: str) -> str:
        """A value that StackStorm encrypted, encrypted with our key."""
        if self._ours is None:
            raise InvalidInput("it is encrypted, and there is no key here: set encryption_key_path in [keyvalue]")
        if self._theirs is None:
            raise InvalidInput("it is encrypted: give StackStorm's key file with --datastore-key")
        return self._ours.encrypt(self._theirs.decrypt(value))

    def _api_key(self, row: Row) -> str:
        key = ApiKey(
            key_hash=row["key_hash"],
            user=row["user"],
            metadata=row.get("metadata") or {},
            created_at=row.get("created_at") or "",
            enabled=row.get("enabled", True),
        )
        if set(key.key_hash) == {"*"}:
            raise InvalidInput("its hash is masked: let an administrator import, whom the API shows secrets")
        return self._insert(row, key)

    def _user(self, row: Row) -> str:
        user = User(id=row["name"], is_service=row.get("is_service", False), nicknames=row.get("nicknames") or {})
        try:
            self._store.insert(user)
        except Conflict:
            return KEPT
        return IMPORTED

    def _keep(self, row: Row, document: Any, known: Any) -> str:
        """Insert what is new. Of what came with its pack only `enabled` is taken over: an operator may have set it."""
        if known is None:
            return self._insert(row, document)
        if known.enabled == document.enabled:
            return KEPT
        known.enabled = document.enabled
        self._store.replace(known)
        return UPDATED

    def _insert(self, row: Row, document: Document) -> str:
        document.id = row["id"] if is_id(str(row.get("id"))) else new_id()
        try:
            self._store.insert(document)
        except Conflict:
            return KEPT
        return IMPORTED


def _part(row: Row, names: tuple[str, ...]) -> Row:
    return {name: row[name] for name in names if row.get(name) is not None}

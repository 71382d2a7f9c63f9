"""/policies and /policytypes: what limits or repeats the executions of an action."""

from __future__ import annotations

from typing import Any

import falcon

from st2lite.content.locations import DEFAULT_PACK
from st2lite.content.packs import given_pack, refuse_protected
from st2lite.content.policies import make_policy
from st2lite.http.media import read_object
from st2lite.http.params import ListSpec, read_ids, read_list, read_selection, text
from st2lite.http.rows import find_page, page_of, send_rows
from st2lite.models.errors import NotFound
from st2lite.models.heads import head
from st2lite.models.policy import POLICY_TYPES, Policy, PolicyType
from st2lite.storage.contract import Order, Store
from st2lite.storage.lookups import get_named

_FIELDS = {"pack": "pack", "name": "name", "resource_ref": "resource_ref", "policy_type": "policy_type"}
_LIST = ListSpec(filters=_FIELDS, order=(Order("pack"), Order("name")))
_TYPES = ListSpec()
_KEPT = ("id", "ref")


def policy_view(policy: Policy) -> dict[str, Any]:
    """A policy as the API shows it."""
    return {
        **head(policy),
        "enabled": policy.enabled,
        "resource_ref": policy.resource_ref,
        "policy_type": policy.policy_type,
        "parameters": policy.parameters,
        "metadata_file": policy.metadata_file,
    }


def policy_type_view(kind: PolicyType) -> dict[str, Any]:
    """A policy type as the API shows it."""
    return {
        "id": kind.id,
        "uid": kind.uid,
        "ref": kind.ref,
        "name": kind.name,
        "resource_type": kind.resource_type,
        "description": kind.description,
        "enabled": kind.enabled,
        "module": kind.module,
        "parameters": kind.parameters,
    }


class Policies:
    """Resource of the collection (`_list`) and of one policy. `coordinated`: limits on concurrency can be kept here."""

    def __init__(self, store: Store, coordinated: bool) -> None:
        self._store = store
        self._coordinated = coordinated

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = read_list(req, _LIST)
        rows, total = find_page(self._store, Policy, query)
        send_rows(resp, [query.selection.of(policy_view(row), _KEPT) for row in rows], query.limit, total)

    def on_post_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        policy = self._read(req, DEFAULT_PACK)
        self._store.insert(policy)
        resp.media = policy_view(policy)
        resp.status = falcon.HTTP_201

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        resp.media = read_selection(req).of(policy_view(get_named(self._store, Policy, ref_or_id)), _KEPT)

    def on_put(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        stored = get_named(self._store, Policy, ref_or_id)
        refuse_protected(stored.pack)
        policy = self._read(req, stored.pack)
        policy.id, policy.rev = stored.id, stored.rev
        policy.metadata_file = policy.metadata_file or stored.metadata_file
        self._store.replace(policy)
        resp.media = policy_view(policy)

    def on_delete(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        policy = get_named(self._store, Policy, ref_or_id)
        refuse_protected(policy.pack)
        self._store.delete(Policy, policy.id)
        resp.status = falcon.HTTP_204

    def _read(self, req: falcon.Request, default_pack: str) -> Policy:
        content = read_object(req)
        pack = given_pack(content, default_pack)
        refuse_protected(pack)
        policy = make_policy({**content, "pack": pack}, pack, self._coordinated)
        policy.metadata_file = content.get("metadata_file") or ""
        return policy


class PolicyTypes:
    """Resource of the collection (`_list`) and of one policy type. They come with the product and are not stored."""

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = read_list(req, _TYPES)
        identifiers, resource_type = read_ids(req), text(req, "resource_type")
        found = [
            kind
            for kind in sorted(POLICY_TYPES, key=lambda kind: (kind.resource_type, kind.name))
            if (not identifiers or kind.id in identifiers) and resource_type in (None, kind.resource_type)
        ]
        rows = [query.selection.of(policy_type_view(kind), _KEPT) for kind in page_of(found, query)]
        send_rows(resp, rows, query.limit, len(found))

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        kind = next((kind for kind in POLICY_TYPES if ref_or_id in (kind.id, kind.ref)), None)
        if kind is None:
            raise NotFound(f'PolicyType with a reference or id "{ref_or_id}" not found.')
        resp.media = read_selection(req).of(policy_type_view(kind), _KEPT)

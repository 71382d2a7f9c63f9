"""`/apikeys`: keys that programs call with."""

from __future__ import annotations

from typing import Any

import falcon
import msgspec

from st2lite.auth.api_keys import MASK, ApiKeys
from st2lite.http.bodies import read_as
from st2lite.http.middleware import identity_of
from st2lite.http.params import boolean, read_limit, read_offset
from st2lite.http.rows import send_rows
from st2lite.models.access import ApiKey

_DEFAULT_LIMIT = 50


class ApiKeyInput(msgspec.Struct):
    """What a caller may send; everything is optional, unknown attributes are ignored."""

    user: str | None = None
    metadata: dict[str, Any] | None = None
    key_hash: str | None = None
    id: str | None = None
    enabled: bool | None = None


class ApiKeyResource:
    """Resource of the collection (`_list`) and of one key. `mask` is `[api] mask_secrets`."""

    def __init__(self, api_keys: ApiKeys, mask: bool) -> None:
        self._api_keys = api_keys
        self._mask = mask

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        show = self._shows_secrets(req)
        limit = read_limit(req, _DEFAULT_LIMIT)
        keys, total = self._api_keys.list(limit, read_offset(req))
        send_rows(resp, [_view(key, show) for key in keys], limit, total)

    def on_post_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        body = read_as(req, ApiKeyInput)
        record, key = self._api_keys.create(
            body.user or identity_of(req).user,
            body.metadata or {},
            enabled=body.enabled is not False,
            key_hash=body.key_hash,
            identifier=body.id,
        )
        view = _view(record, show=False)
        del view["key_hash"]
        resp.media = {**view, "key": key}
        resp.status = 201

    def on_get(self, req: falcon.Request, resp: falcon.Response, id_or_key: str) -> None:
        resp.media = _view(self._api_keys.get(id_or_key), self._shows_secrets(req))

    def on_put(self, req: falcon.Request, resp: falcon.Response, id_or_key: str) -> None:
        body = read_as(req, ApiKeyInput)
        resp.media = _view(
            self._api_keys.update(id_or_key, body.user, body.metadata, body.enabled, body.key_hash), show=False
        )

    def on_delete(self, req: falcon.Request, resp: falcon.Response, id_or_key: str) -> None:
        self._api_keys.delete(id_or_key)
        resp.status = 204

    def _shows_secrets(self, req: falcon.Request) -> bool:
        return boolean(req, "show_secrets") or not self._mask


def _view(key: ApiKey, show: bool) -> dict[str, Any]:
    return {
        "id": key.id,
        "uid": f"api_key:{key.key_hash}" if show else MASK,
        "user": key.user,
        "key_hash": key.key_hash if show else MASK,
        "metadata": key.metadata,
        "created_at": key.created_at,
        "enabled": key.enabled,
    }

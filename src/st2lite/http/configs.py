"""/configs and /config_schemas: the configuration of packs."""

from __future__ import annotations

import dataclasses
from typing import Any

import falcon

from st2lite.content.configs import make_config, save_config
from st2lite.content.locations import PackLocations
from st2lite.http.media import read_object
from st2lite.http.packs import find_pack
from st2lite.http.params import ListSpec, boolean, read_list, read_selection, words
from st2lite.http.rows import find_page, send_rows
from st2lite.models.errors import NotFound
from st2lite.models.ids import derived_id
from st2lite.models.pack import ConfigSchema, PackConfig
from st2lite.rendering.secrets import mask_parameters, restore_masked
from st2lite.storage.contract import In, Order, Store

_LIST = ListSpec(sortable={"id": "id", "pack": "id"}, order=(Order("id"),))
_KEPT = ("id", "pack")
_NO_TIME = "0" * 8
"""Configurations are stored by the name of their pack; the id that clients see is made of that."""


class Configs:
    """Resource of the collection (`_list`) and of the configuration of one pack. `mask` is `[api] mask_secrets`."""

    def __init__(self, store: Store, locations: PackLocations, mask: bool) -> None:
        self._store = store
        self._locations = locations
        self._mask = mask

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = read_list(req, _LIST)
        names = words(req, "name")
        query = dataclasses.replace(query, filters=(In("id", names),) if names else ())
        rows, total = find_page(self._store, PackConfig, query)
        schemas = {schema.id: schema for schema in self._store.find(ConfigSchema)} if rows else {}
        shown = self._shows_secrets(req)
        views = [query.selection.of(self._view(row, schemas.get(row.id), shown), _KEPT) for row in rows]
        send_rows(resp, views, query.limit, total)

    def on_get(self, req: falcon.Request, resp: falcon.Response, pack_ref: str) -> None:
        config = self._store.get(PackConfig, pack_ref)
        if config is None:
            raise NotFound(f'Unable to identify resource with pack_ref "{pack_ref}".')
        view = self._view(config, self._store.get(ConfigSchema, pack_ref), self._shows_secrets(req))
        resp.media = read_selection(req).of(view, _KEPT)

    def on_put(self, req: falcon.Request, resp: falcon.Response, pack_ref: str) -> None:
        pack = find_pack(self._store, pack_ref).ref
        schema, stored = self._store.get(ConfigSchema, pack), self._store.get(PackConfig, pack)
        values = read_object(req)
        if stored is not None:
            values = restore_masked(values, stored.values, self._view(stored, schema, shown=False)["values"])
        config = make_config(values, pack, schema)
        save_config(self._store, self._locations, config)
        resp.media = self._view(config, schema, self._shows_secrets(req))

    def _shows_secrets(self, req: falcon.Request) -> bool:
        return boolean(req, "show_secrets") or not self._mask

    def _view(self, config: PackConfig, schema: ConfigSchema | None, shown: bool) -> dict[str, Any]:
        values = config.values
        if not shown and schema is not None:
            values = mask_parameters(values, schema.attributes)
        return {"id": derived_id(_NO_TIME, "config", config.id), "pack": config.id, "values": values}


class ConfigSchemas:
    """Resource of the collection (`_list`) and of the schema of one pack."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = read_list(req, _LIST)
        rows, total = find_page(self._store, ConfigSchema, query)
        send_rows(resp, [query.selection.of(_schema_view(row), _KEPT) for row in rows], query.limit, total)

    def on_get(self, req: falcon.Request, resp: falcon.Response, pack_ref: str) -> None:
        schema = self._store.get(ConfigSchema, pack_ref)
        if schema is None:
            raise NotFound(
                f'Unable to identify resource with pack_ref "{pack_ref}": there is no such pack, or it has no '
                "config.schema.yaml."
            )
        resp.media = read_selection(req).of(_schema_view(schema), _KEPT)


def _schema_view(schema: ConfigSchema) -> dict[str, Any]:
    return {"id": derived_id(_NO_TIME, "config_schema", schema.id), "pack": schema.id, "attributes": schema.attributes}

"""/sensortypes: the sensors of the registered packs; they come and go with their packs, and can be enabled here."""

from __future__ import annotations

import dataclasses
from typing import Any

import falcon
import msgspec

from st2lite.content.packs import refuse_protected
from st2lite.http.bodies import read_as
from st2lite.http.params import ListQuery, ListSpec, read_list, read_selection, text
from st2lite.http.rows import find_page, page_of, send_rows
from st2lite.models.heads import head
from st2lite.models.sensor import SensorType
from st2lite.storage.contract import Store
from st2lite.storage.lookups import get_named

_LIST = ListSpec(
    filters={"name": "name", "pack": "pack", "enabled": "enabled"}, default_limit=None, flags=frozenset({"enabled"})
)
_KEPT = ("id", "ref")


def sensor_view(sensor: SensorType) -> dict[str, Any]:
    """A sensor as the API shows it."""
    view: dict[str, Any] = {
        **head(sensor),
        "class_name": sensor.class_name,
        "artifact_uri": sensor.artifact_uri,
        "entry_point": sensor.entry_point,
        "enabled": sensor.enabled,
        "trigger_types": sensor.trigger_types,
        "tags": sensor.tags,
        "metadata_file": sensor.metadata_file,
    }
    if sensor.poll_interval is not None:
        view["poll_interval"] = sensor.poll_interval
    return view


class SensorUpdate(msgspec.Struct):
    """Body of `PUT /sensortypes/{ref_or_id}`; what a client sends besides is what it was given, and ignored."""

    enabled: bool = True


class SensorTypes:
    """Resource of the collection (`_list`) and of one sensor."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = dataclasses.replace(read_list(req, _LIST), offset=0)
        trigger = text(req, "trigger")
        rows, total = self._emitting(query, trigger) if trigger else find_page(self._store, SensorType, query)
        send_rows(resp, [query.selection.of(sensor_view(row), _KEPT) for row in rows], query.limit, total)

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        resp.media = read_selection(req).of(sensor_view(get_named(self._store, SensorType, ref_or_id)), _KEPT)

    def on_put(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        sensor = get_named(self._store, SensorType, ref_or_id)
        enabled = read_as(req, SensorUpdate).enabled
        refuse_protected(sensor.pack)
        if enabled is not sensor.enabled:
            sensor.enabled = enabled
            self._store.replace(sensor)
        resp.media = sensor_view(sensor)

    def _emitting(self, query: ListQuery, trigger: str) -> tuple[list[SensorType], int]:
        """Those that emit a trigger type; the store does not know which, and sensors are few."""
        rows = [row for row in self._store.find(SensorType, query.filters) if trigger in row.trigger_types]
        return page_of(rows, query), len(rows)

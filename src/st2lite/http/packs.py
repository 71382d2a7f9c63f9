"""/packs: the registered packs, and registering what lies on disk."""

from __future__ import annotations

from typing import Any

import falcon
import msgspec

from st2lite.content.registrar import Registrar
from st2lite.http.bodies import read_as
from st2lite.http.params import ListSpec, read_list, read_selection
from st2lite.http.rows import find_page, send_rows
from st2lite.models.errors import NotFound
from st2lite.models.pack import Pack
from st2lite.storage.contract import Order, Store
from st2lite.storage.lookups import find_named

_FIELDS = {"name": "name", "ref": "ref"}
_LIST = ListSpec(filters=_FIELDS, sortable={"id": "id", **_FIELDS}, order=(Order("ref"),))
_KEPT = ("id", "ref")


def pack_view(pack: Pack) -> dict[str, Any]:
    """A pack as the API shows it."""
    view = {
        "id": pack.id,
        "uid": pack.uid,
        "ref": pack.ref,
        "name": pack.name,
        "description": pack.description,
        "keywords": pack.keywords,
        "version": pack.version,
        "python_versions": pack.python_versions,
        "author": pack.author,
        "email": pack.email,
        "contributors": pack.contributors,
        "files": pack.files,
        "dependencies": pack.dependencies,
        "system": pack.system,
        "path": pack.path,
    }
    if pack.stackstorm_version:
        view["stackstorm_version"] = pack.stackstorm_version
    return view


def find_pack(store: Store, ref_or_id: str) -> Pack:
    """Return a pack by reference or id; raise `NotFound`."""
    pack = find_named(store, Pack, ref_or_id)
    if pack is None:
        raise NotFound(f'Unable to identify resource with pack_ref "{ref_or_id}".')
    return pack


class Packs:
    """Resource of the collection (`_list`) and of one pack."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = read_list(req, _LIST)
        rows, total = find_page(self._store, Pack, query)
        send_rows(resp, [query.selection.of(pack_view(row), _KEPT) for row in rows], query.limit, total)

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        resp.media = read_selection(req).of(pack_view(find_pack(self._store, ref_or_id)), _KEPT)


class RegistrationRequest(msgspec.Struct):
    """Body of `POST /packs/register`; no types or packs means all of them."""

    types: list[str] | None = None
    packs: list[str] | None = None
    fail_on_failure: bool = True


class PackRegistration:
    """Resource that registers what lies on disk."""

    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = read_as(req, RegistrationRequest)
        resp.media = self._registrar.register(wanted.types, wanted.packs or None, wanted.fail_on_failure)

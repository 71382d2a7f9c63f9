"""/packs: installing and removing, which executions of the pack `packs` do, and the index of packs."""

from __future__ import annotations

from typing import Any

import falcon
import msgspec

from st2lite.content.installation.index import PackIndex, search
from st2lite.content.installation.removal import unload
from st2lite.content.triggers import Triggers
from st2lite.executions.service import ExecutionService
from st2lite.http.bodies import read_as
from st2lite.http.middleware import identity_of
from st2lite.models.errors import InvalidInput
from st2lite.storage.contract import Store

INSTALL, UNINSTALL = "packs.install", "packs.uninstall"


class InstallRequest(msgspec.Struct):
    """Body of `POST /packs/install`."""

    packs: list[str]
    force: bool = False
    skip_dependencies: bool = False


class PackList(msgspec.Struct):
    """Body of `POST /packs/uninstall` and of `POST /packs/unload`."""

    packs: list[str]


class IndexQuery(msgspec.Struct):
    """Body of `POST /packs/index/search`: one of the two."""

    query: str | None = None
    pack: str | None = None


class PackChanges:
    """Resource of `/packs/install`, `/packs/uninstall` and `/packs/unload`."""

    def __init__(self, executions: ExecutionService, store: Store, triggers: Triggers) -> None:
        self._executions = executions
        self._store = store
        self._triggers = triggers

    def on_post_install(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._request(req, resp, INSTALL, msgspec.structs.asdict(read_as(req, InstallRequest)))

    def on_post_uninstall(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._request(req, resp, UNINSTALL, {"packs": read_as(req, PackList).packs})

    def on_post_unload(self, req: falcon.Request, resp: falcon.Response) -> None:
        totals: dict[str, int] = {}
        for pack in read_as(req, PackList).packs:
            for kind, count in unload(self._store, self._triggers, pack).items():
                totals[kind] = totals.get(kind, 0) + count
        resp.media = totals

    def _request(self, req: falcon.Request, resp: falcon.Response, action: str, parameters: dict[str, Any]) -> None:
        if not parameters["packs"]:
            raise InvalidInput("packs: name at least one pack.")
        execution = self._executions.request(action, parameters, identity_of(req).user)
        resp.status = falcon.HTTP_202
        resp.media = {"execution_id": execution.id}


class PackIndexResource:
    """Resource of `/packs/index` and what is below it."""

    def __init__(self, index: PackIndex) -> None:
        self._index = index

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        packs, status = self._index.usable()
        resp.media = {"status": [msgspec.to_builtins(entry) for entry in status], "index": packs}

    def on_post_search(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = read_as(req, IndexQuery)
        if (wanted.query is None) == (wanted.pack is None):
            raise InvalidInput('Give either "query" (a text to search for) or "pack" (a name).')
        packs = self._index.packs()
        if wanted.query is not None:
            resp.media = search(packs, wanted.query)
        else:
            resp.media = packs.get(str(wanted.pack), [])

    def on_get_health(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = self._index.health()

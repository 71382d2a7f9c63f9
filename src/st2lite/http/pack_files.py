"""/packs/views: the files of a pack."""

from __future__ import annotations

from email.utils import formatdate, parsedate_to_datetime

import falcon

from st2lite.content.files import read_pack_file, read_text_files
from st2lite.http.packs import find_pack
from st2lite.storage.contract import Store


class PackFiles:
    """Resource of all text files of a pack (`_list`), and of one file of any kind."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def on_get_list(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        resp.media = read_text_files(find_pack(self._store, ref_or_id))

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str, file_path: str) -> None:
        file = read_pack_file(find_pack(self._store, ref_or_id), file_path)
        # Bare, without the quotes of the standard: clients know it this way.
        version = repr(file.modified)
        resp.set_header("ETag", version)
        resp.set_header("Last-Modified", formatdate(file.modified, usegmt=True))
        if _has_it(req, version, file.modified):
            resp.status = falcon.HTTP_304
            return
        resp.content_type = file.media_type
        resp.data = file.content


def _has_it(req: falcon.Request, version: str, modified: float) -> bool:
    """Tell whether the caller has this version already; a header that makes no sense is ignored."""
    known = req.get_header("If-None-Match")
    if known:
        return known.strip('"') == version
    try:
        since = parsedate_to_datetime(req.get_header("If-Modified-Since") or "")
    except ValueError:
        return False
    return since.timestamp() >= int(modified)

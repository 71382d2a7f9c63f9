"""/openapi.json: the description of a service. Whoever may reach the service may read it."""

from __future__ import annotations

import falcon


class OpenApiDocument:
    """Resource that serves the document of one service: `api`, `auth` or `stream`."""

    public = True

    def __init__(self, service: str) -> None:
        self._service = service

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        # Built when somebody asks, and not when the service starts: most processes never need it.
        from st2lite.http.openapi.document import encoded

        resp.data = encoded(self._service)
        resp.content_type = falcon.MEDIA_JSON

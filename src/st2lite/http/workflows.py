"""/workflows: what authors of workflows ask."""

from __future__ import annotations

from typing import NoReturn

import falcon

from st2lite.models.errors import InvalidInput


class WorkflowInspection:
    """Resource of `/workflows/inspect`, to which definitions of workflows are sent."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> NoReturn:
        raise InvalidInput(
            "Workflows of orquesta can be neither inspected nor run by this release. An action chain is checked when "
            "it runs: errors in its file are in the result of the execution."
        )

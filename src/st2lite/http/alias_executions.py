"""/aliasexecution: running what a command stands for."""

from __future__ import annotations

from typing import Any

import falcon
import msgspec

from st2lite.executions.aliases import AliasService, Command, Started, acknowledgement, alias_view
from st2lite.executions.views import ExecutionViews
from st2lite.http.bodies import read_as
from st2lite.http.middleware import identity_of
from st2lite.http.params import boolean


class Spoken(msgspec.Struct):
    """Body of `POST /aliasexecution/match_and_execute`: what was said, by whom and where.

    `user` is the caller when it is left out.
    """

    command: str
    source_channel: str
    user: str | None = None
    source_context: Any = None
    notification_channel: str | None = None
    notification_route: str | None = None

    def as_command(self, caller: str) -> Command:
        return Command(
            self.command,
            self.user or caller,
            self.source_channel,
            self.source_context,
            self.notification_channel,
            self.notification_route,
        )


class Named(Spoken, kw_only=True):
    """Body of `POST /aliasexecution`: the alias and its format were found already."""

    name: str
    format: str


class AliasExecutions:
    """Resource that runs commands; `_match` is the one that finds out which alias they mean."""

    def __init__(self, service: AliasService, views: ExecutionViews) -> None:
        self._service = service
        self._views = views

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        said = read_as(req, Named)
        caller = identity_of(req).user
        started = self._service.run(said.name, said.format, said.as_command(caller), caller)
        resp.media = self._shown(started, boolean(req, "show_secrets"))
        resp.status = falcon.HTTP_201

    def on_post_match(self, req: falcon.Request, resp: falcon.Response) -> None:
        said = read_as(req, Spoken)
        caller = identity_of(req).user
        started = self._service.match_and_run(said.as_command(caller), caller)
        resp.media = {"results": [self._shown(each, boolean(req, "show_secrets")) for each in started]}
        resp.status = falcon.HTTP_201

    def _shown(self, started: Started, show_secrets: bool) -> dict[str, Any]:
        execution = self._views.execution(started.execution, show_secrets=show_secrets)
        alias = alias_view(started.alias)
        plain = msgspec.json.decode(msgspec.json.encode(execution))
        return {
            "execution": execution,
            "actionalias": alias,
            **acknowledgement(started.alias, plain, alias),
        }

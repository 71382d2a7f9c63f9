"""The app `api`: which resource answers which path. Paths are without version; the frame adds `/v1` and aliases."""

from __future__ import annotations

from typing import Protocol

import falcon

from st2lite import __version__
from st2lite.auth.api_keys import ApiKeys
from st2lite.content.action_files import ActionFiles
from st2lite.content.installation.host import PackHost
from st2lite.content.locations import PackLocations
from st2lite.content.registrar import Registrar
from st2lite.content.triggers import Triggers
from st2lite.executions.aliases import AliasService
from st2lite.executions.inquiries import InquiryService
from st2lite.executions.service import ExecutionService
from st2lite.executions.views import ExecutionViews
from st2lite.http.action_views import ActionViews
from st2lite.http.actions import Actions
from st2lite.http.alias_executions import AliasExecutions
from st2lite.http.aliases import Aliases
from st2lite.http.api_keys import ApiKeyResource
from st2lite.http.app import ServiceContext, create_service_app
from st2lite.http.configs import Configs, ConfigSchemas
from st2lite.http.execution_parts import ExecutionParts
from st2lite.http.executions import Executions
from st2lite.http.inquiries import Inquiries
from st2lite.http.keys import KeysResource
from st2lite.http.pack_changes import PackChanges, PackIndexResource
from st2lite.http.pack_files import PackFiles
from st2lite.http.packs import PackRegistration, Packs
from st2lite.http.policies import Policies, PolicyTypes
from st2lite.http.rbac import PermissionTypes, RoleAssignments, Roles
from st2lite.http.rule_enforcements import RuleEnforcements
from st2lite.http.rules import Rules, RuleTypes
from st2lite.http.runner_types import RunnerTypes
from st2lite.http.sensor_types import SensorTypes
from st2lite.http.service_registry import ServiceRegistry
from st2lite.http.traces import TraceResource
from st2lite.http.trigger_instances import TriggerInstances
from st2lite.http.triggers import TriggersResource, TriggerTypes
from st2lite.http.user import CurrentUser
from st2lite.http.webhooks import Timers, WebhookResource
from st2lite.http.workflows import WorkflowInspection
from st2lite.messaging.contract import Bus
from st2lite.policies.coordination import Locks
from st2lite.reactor.dispatch import Dispatcher
from st2lite.reactor.file_events import FileEvents
from st2lite.reactor.listeners import Listeners
from st2lite.reactor.rule_book import RuleBook
from st2lite.reactor.rule_views import RuleViews
from st2lite.reactor.traces import Traces
from st2lite.reactor.trigger_catalog import TriggerCatalog
from st2lite.reactor.webhooks import Webhooks
from st2lite.rendering.crypto import KeyRing
from st2lite.rendering.keys import Keys

DOCS_URL = "https://docs.stackstorm.com/"


class ApiContext(ServiceContext, Protocol):
    """What the app needs of the rooms it calls."""

    @property
    def bus(self) -> Bus: ...
    @property
    def locations(self) -> PackLocations: ...
    @property
    def pack_host(self) -> PackHost: ...
    @property
    def registrar(self) -> Registrar: ...
    @property
    def keyring(self) -> KeyRing | None: ...
    @property
    def api_keys(self) -> ApiKeys: ...
    @property
    def executions(self) -> ExecutionService: ...
    @property
    def views(self) -> ExecutionViews: ...
    @property
    def inquiries(self) -> InquiryService: ...
    @property
    def aliases(self) -> AliasService: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def locks(self) -> Locks | None: ...
    @property
    def triggers(self) -> Triggers: ...
    @property
    def dispatcher(self) -> Dispatcher: ...
    @property
    def listeners(self) -> Listeners: ...
    @property
    def trigger_catalog(self) -> TriggerCatalog: ...
    @property
    def rules(self) -> RuleBook: ...
    @property
    def rule_views(self) -> RuleViews: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def traces(self) -> Traces: ...


class Root:
    """`GET /v1`: which version answers."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"version": __version__, "docs_url": DOCS_URL}


def create_api_app(context: ApiContext) -> falcon.App[falcon.Request, falcon.Response]:
    """The API as a WSGI app."""
    app = create_service_app(context, "api", context.bus)
    app.add_route("/", Root())
    app.add_route("/user", CurrentUser())

    api_keys = ApiKeyResource(context.api_keys, context.config.api.mask_secrets)
    app.add_route("/apikeys", api_keys, suffix="list")
    app.add_route("/apikeys/{id_or_key}", api_keys)

    written = FileEvents(context.dispatcher, context.listeners).written
    actions = Actions(context.store, ActionFiles(context.store, context.locations, written))
    action_views = ActionViews(context.store)
    app.add_route("/actions", actions, suffix="list")
    app.add_route("/actions/{ref_or_id}", actions)
    app.add_route("/actions/{ref_or_id}/clone", actions, suffix="clone")
    app.add_route("/actions/views/overview", action_views, suffix="list")
    app.add_route("/actions/views/overview/{ref_or_id}", action_views, suffix="overview")
    app.add_route("/actions/views/parameters/{ref_or_id}", action_views, suffix="parameters")
    app.add_route("/actions/views/entry_point/{ref_or_id}", action_views, suffix="entry_point")

    runner_types = RunnerTypes(context.store)
    app.add_route("/runnertypes", runner_types, suffix="list")
    app.add_route("/runnertypes/{name_or_id}", runner_types)

    executions = Executions(context.executions, context.views)
    parts = ExecutionParts(context.executions, context.views)
    app.add_route("/executions", executions, suffix="list")
    app.add_route("/executions/views/filters", parts, suffix="filters")
    app.add_route("/executions/{id}", executions)
    app.add_route("/executions/{id}/re_run", executions, suffix="re_run")
    app.add_route("/executions/{id}/children", parts, suffix="children")
    app.add_route("/executions/{id}/attribute/{attribute}", parts, suffix="attribute")
    app.add_route("/executions/{id}/output", parts, suffix="output")
    app.add_route("/executions/{id}/result", parts, suffix="result")

    aliases = Aliases(context.store, context.aliases)
    alias_executions = AliasExecutions(context.aliases, context.views)
    app.add_route("/actionalias", aliases, suffix="list")
    app.add_route("/actionalias/{ref_or_id}", aliases)
    app.add_route("/actionalias/match", aliases, suffix="match")
    app.add_route("/actionalias/help", aliases, suffix="help")
    app.add_route("/aliasexecution", alias_executions)
    app.add_route("/aliasexecution/match_and_execute", alias_executions, suffix="match")

    inquiries = Inquiries(context.inquiries)
    app.add_route("/inquiries", inquiries, suffix="list")
    app.add_route("/inquiries/{id}", inquiries)

    trigger_types = TriggerTypes(context.store, context.trigger_catalog)
    app.add_route("/triggertypes", trigger_types, suffix="list")
    app.add_route("/triggertypes/{ref_or_id}", trigger_types)
    triggers = TriggersResource(context.store, context.trigger_catalog)
    app.add_route("/triggers", triggers, suffix="list")
    app.add_route("/triggers/{id}", triggers)
    instances = TriggerInstances(context.store, context.dispatcher)
    app.add_route("/triggerinstances", instances, suffix="list")
    app.add_route("/triggerinstances/{id}", instances)
    app.add_route("/triggerinstances/{id}/re_emit", instances, suffix="re_emit")

    rules = Rules(context.store, context.rules, context.rule_views)
    app.add_route("/rules", rules, suffix="list")
    app.add_route("/rules/{ref_or_id}", rules)
    app.add_route("/rules/views", rules, suffix="views")
    app.add_route("/rules/views/{ref_or_id}", rules, suffix="view")
    policies, policy_types = Policies(context.store, context.locks is not None), PolicyTypes()
    app.add_route("/policies", policies, suffix="list")
    app.add_route("/policies/{ref_or_id}", policies)
    app.add_route("/policytypes", policy_types, suffix="list")
    app.add_route("/policytypes/{ref_or_id}", policy_types)
    services = ServiceRegistry(context.store)
    app.add_route("/service_registry/groups", services, suffix="groups")
    app.add_route("/service_registry/groups/{group_id}/members", services, suffix="members")
    rule_types = RuleTypes()
    app.add_route("/ruletypes", rule_types, suffix="list")
    app.add_route("/ruletypes/{id}", rule_types)
    enforcements = RuleEnforcements(context.store, context.views)
    app.add_route("/ruleenforcements", enforcements, suffix="list")
    app.add_route("/ruleenforcements/{id}", enforcements)
    app.add_route("/ruleenforcements/views", enforcements, suffix="views")
    app.add_route("/ruleenforcements/views/{id}", enforcements, suffix="view")

    webhooks, timers = WebhookResource(context.webhooks), Timers(context.store)
    app.add_route("/webhooks", webhooks, suffix="list")
    app.add_route("/webhooks/{hook:path}", webhooks)
    app.add_route("/webhooks/st2", webhooks, suffix="generic")
    app.add_route("/timers", timers, suffix="list")
    app.add_route("/timers/{ref_or_id}", timers)

    sensor_types = SensorTypes(context.store)
    app.add_route("/sensortypes", sensor_types, suffix="list")
    app.add_route("/sensortypes/{ref_or_id}", sensor_types)
    traces = TraceResource(context.traces)
    app.add_route("/traces", traces, suffix="list")
    app.add_route("/traces/{id}", traces)

    roles, assignments, permissions = Roles(), RoleAssignments(), PermissionTypes()
    app.add_route("/rbac/roles", roles, suffix="list")
    app.add_route("/rbac/roles/{name_or_id}", roles)
    app.add_route("/rbac/role_assignments", assignments, suffix="list")
    app.add_route("/rbac/role_assignments/{id}", assignments)
    app.add_route("/rbac/permission_types", permissions, suffix="list")
    app.add_route("/rbac/permission_types/{resource_type}", permissions)
    app.add_route("/workflows/inspect", WorkflowInspection())

    keys = KeysResource(context.keys)
    app.add_route("/keys", keys, suffix="list")
    app.add_route("/keys/{name}", keys)

    packs, index = Packs(context.store), PackIndexResource(context.pack_host.index)
    changes = PackChanges(context.executions, context.store, context.triggers)
    app.add_route("/packs", packs, suffix="list")
    app.add_route("/packs/{ref_or_id}", packs)
    configs = Configs(context.store, context.locations, context.config.api.mask_secrets)
    schemas = ConfigSchemas(context.store)
    app.add_route("/configs", configs, suffix="list")
    app.add_route("/configs/{pack_ref}", configs)
    app.add_route("/config_schemas", schemas, suffix="list")
    app.add_route("/config_schemas/{pack_ref}", schemas)
    files = PackFiles(context.store)
    app.add_route("/packs/views/files/{ref_or_id}", files, suffix="list")
    app.add_route("/packs/views/file/{ref_or_id}/{file_path:path}", files)
    app.add_route("/packs/register", PackRegistration(context.registrar))
    app.add_route("/packs/install", changes, suffix="install")
    app.add_route("/packs/uninstall", changes, suffix="uninstall")
    app.add_route("/packs/unload", changes, suffix="unload")
    app.add_route("/packs/index", index)
    app.add_route("/packs/index/search", index, suffix="search")
    app.add_route("/packs/index/health", index, suffix="health")
    return app

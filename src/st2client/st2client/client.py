"""The Python bindings: one :class:`Client` with a manager for each kind of resource.

client = Client(base_url="https://host", token="...")
client.actions.get_by_ref_or_id("core.local")
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from st2client import endpoints, managers, models
from st2client.connections import Pool, Verify
from st2client.errors import ConfigError
from st2client.managers.base import ApiManager
from st2client.settings import parse_cacert
from st2client.transport import BasicAuth, HttpClient

#: name in ``Client.managers`` -> (manager class, resource class, service)
MANAGERS: dict[str, tuple[str, str | None, str]] = {
    "Action": ("ActionResourceManager", "Action", "api"),
    "ActionAlias": ("ActionAliasResourceManager", "ActionAlias", "api"),
    "ActionAliasExecution": ("ActionAliasExecutionManager", "ActionAliasExecution", "api"),
    "ApiKey": ("ResourceManager", "ApiKey", "api"),
    "Config": ("ConfigManager", "Config", "api"),
    "ConfigSchema": ("ResourceManager", "ConfigSchema", "api"),
    "Execution": ("ExecutionResourceManager", "Execution", "api"),
    "Inquiry": ("InquiryResourceManager", "Inquiry", "api"),
    "KeyValuePair": ("KeyValuePairResourceManager", "KeyValuePair", "api"),
    "LiveAction": ("ExecutionResourceManager", "Execution", "api"),
    "Pack": ("PackResourceManager", "Pack", "api"),
    "Policy": ("ResourceManager", "Policy", "api"),
    "PolicyType": ("ResourceManager", "PolicyType", "api"),
    "Role": ("ResourceManager", "Role", "api"),
    "Rule": ("ResourceManager", "Rule", "api"),
    "RuleEnforcement": ("ResourceManager", "RuleEnforcement", "api"),
    "RunnerType": ("ResourceManager", "RunnerType", "api"),
    "Sensor": ("ResourceManager", "Sensor", "api"),
    "ServiceRegistryGroups": ("ServiceRegistryGroupsManager", "ServiceRegistryGroup", "api"),
    "ServiceRegistryMembers": ("ServiceRegistryMembersManager", "ServiceRegistryMember", "api"),
    "Stream": ("StreamManager", None, "stream"),
    "Timer": ("ResourceManager", "Timer", "api"),
    "Token": ("ResourceManager", "Token", "auth"),
    "Trace": ("ResourceManager", "Trace", "api"),
    "Trigger": ("ResourceManager", "Trigger", "api"),
    "TriggerInstance": ("TriggerInstanceResourceManager", "TriggerInstance", "api"),
    "TriggerType": ("ResourceManager", "TriggerType", "api"),
    "UserRoleAssignment": ("ResourceManager", "UserRoleAssignment", "api"),
    "Webhook": ("WebhookManager", "Webhook", "api"),
    "Workflow": ("WorkflowManager", None, "api"),
}


class Managers(Mapping[str, Any]):
    """The managers by name, each built when first asked for."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._built: dict[str, ApiManager] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            manager, resource, service = MANAGERS[name]
            arguments = (getattr(models, resource),) if resource else ()
            endpoint = self._client.endpoints[service]
            self._built[name] = getattr(managers, manager)(
                *arguments, endpoint, **self._client.manager_options(endpoint)
            )
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(MANAGERS)

    def __len__(self) -> int:
        return len(MANAGERS)


def _manager(name: str) -> Any:
    return property(lambda self: self.managers[name], doc=f"Manager of the kind {name}.")


class Client:
    """A server, and the credentials to use there.

    :param base_url: ``https://host`` or ``scheme://host:port``, with the services at the paths /api, /auth and /stream;
        below ``http://host`` they are expected at their default ports.
    :param auth_url: URL of the auth service, used as it is.
    :param api_url: URL of the API with its version (``…/v1``), used as it is.
    :param stream_url: URL of the stream with its version, used as it is.
    :param cacert: path of a CA bundle; False switches the verification of https servers off.
    :param basic_auth: ``user:password`` for a proxy in front of the server.

    What is not given comes from the environment: ``ST2_BASE_URL``, ``ST2_API_URL``, ``ST2_AUTH_URL``,
    ``ST2_STREAM_URL``, ``ST2_API_VERSION``, ``ST2_CACERT``, ``ST2_AUTH_TOKEN``, ``ST2_API_KEY``.
    """

    def __init__(
        self,
        base_url: str | None = None,
        auth_url: str | None = None,
        api_url: str | None = None,
        stream_url: str | None = None,
        api_version: str | None = None,
        cacert: Verify = None,
        debug: bool = False,
        token: str | None = None,
        api_key: str | None = None,
        basic_auth: str | None = None,
    ) -> None:
        found = endpoints.resolve(base_url, api_url, auth_url, stream_url, api_version)
        self.endpoints: dict[str, str] = found._asdict()
        self.cacert = parse_cacert(cacert if cacert is not None else os.environ.get("ST2_CACERT"))
        if isinstance(self.cacert, str) and not os.path.exists(self.cacert):
            raise ConfigError(f'CA cert file "{self.cacert}" does not exist.', hint="Check --cacert and ST2_CACERT.")
        self.debug = debug
        self.basic_auth = _parse_basic_auth(basic_auth)
        self.credentials: dict[str, str] = {}
        self.token = token
        self.api_key = api_key
        self.managers = Managers(self)
        self._pool = Pool(self.cacert)

    @property
    def token(self) -> str | None:
        """The access token to use."""
        return self.credentials.get("token")

    @token.setter
    def token(self, value: str | None) -> None:
        self._set_credential("token", value)

    @property
    def api_key(self) -> str | None:
        """The API key to use."""
        return self.credentials.get("api_key")

    @api_key.setter
    def api_key(self, value: str | None) -> None:
        self._set_credential("api_key", value)

    actions = _manager("Action")
    apikeys = _manager("ApiKey")
    executions = _manager("Execution")
    inquiries = _manager("Inquiry")
    keys = _manager("KeyValuePair")
    liveactions = _manager("LiveAction")
    packs = _manager("Pack")
    policies = _manager("Policy")
    policytypes = _manager("PolicyType")
    ruleenforcements = _manager("RuleEnforcement")
    rules = _manager("Rule")
    runners = _manager("RunnerType")
    sensors = _manager("Sensor")
    tokens = _manager("Token")
    trace = _manager("Trace")
    triggerinstances = _manager("TriggerInstance")
    triggertypes = _manager("TriggerType")
    webhooks = _manager("Webhook")
    workflows = _manager("Workflow")

    def get_user_info(self, **kwargs: Any) -> Any:
        """Return who the server takes us for: ``{username, authentication, rbac}``."""
        api = ApiManager(self.endpoints["api"], **self.manager_options(self.endpoints["api"]))
        return api.call("GET", "/user", **kwargs).json()

    def manager_options(self, endpoint: str) -> dict[str, Any]:
        """The keyword arguments of a manager that works with this client's connections and credentials."""
        http = HttpClient(endpoint, self.cacert, self.debug, self.basic_auth, self._pool)
        return {
            "cacert": self.cacert,
            "debug": self.debug,
            "basic_auth": self.basic_auth,
            "http": http,
            "credentials": self.credentials,
        }

    def close(self) -> None:
        """Close the connections that are kept for later requests."""
        self._pool.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _set_credential(self, name: str, value: str | None) -> None:
        if value:
            self.credentials[name] = value
        else:
            self.credentials.pop(name, None)


def _parse_basic_auth(value: str | None) -> BasicAuth | None:
    if not value:
        return None
    user, colon, password = value.partition(":")
    if not colon:
        raise ConfigError("basic_auth must be in the form username:password")
    return user, password


def __getattr__(name: str) -> Any:
    """Scripts may import the managers and resources from here."""
    for module in ("st2client.managers", "st2client.models"):
        if name in import_module(module).CLASSES:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

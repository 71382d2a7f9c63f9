"""The app context: configuration, store and bus, and the rooms built on them. Made once per process and handed down."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import st2lite.packlib
from st2lite.auth.api_keys import ApiKeys
from st2lite.auth.authenticate import Authenticator
from st2lite.auth.tokens import Tokens
from st2lite.config.schema import Config, current_user
from st2lite.config.urls import api_url, coordination_url, database_url
from st2lite.content.installation.host import PackHost
from st2lite.content.locations import PackLocations
from st2lite.content.registrar import Registrar
from st2lite.content.triggers import Triggers
from st2lite.executions.admission import Admission
from st2lite.executions.aliases import AliasService
from st2lite.executions.inquiries import InquiryService
from st2lite.executions.preparation import RunPreparation
from st2lite.executions.protocol import RunnerSettings
from st2lite.executions.retries import Retries
from st2lite.executions.service import ExecutionService
from st2lite.executions.snapshots import Snapshots
from st2lite.executions.views import ExecutionViews
from st2lite.executions.waiting import WaitingLine
from st2lite.messaging.contract import Bus
from st2lite.messaging.open import open_bus
from st2lite.models.policy import Policy
from st2lite.models.rule import Rule
from st2lite.policies.coordination import Locks
from st2lite.policies.index import PolicyIndex
from st2lite.policies.open import open_locks
from st2lite.reactor.dispatch import Dispatcher
from st2lite.reactor.inquiry_triggers import InquiryTriggers
from st2lite.reactor.key_events import KeyEvents
from st2lite.reactor.listeners import Listeners
from st2lite.reactor.rule_book import RuleBook
from st2lite.reactor.rule_views import RuleViews
from st2lite.reactor.schedules import check_timer
from st2lite.reactor.traces import Traces
from st2lite.reactor.trigger_catalog import TriggerCatalog
from st2lite.reactor.webhooks import Webhooks
from st2lite.rendering.configs import PackConfigs
from st2lite.rendering.crypto import KeyRing
from st2lite.rendering.keys import Keys
from st2lite.services.announcing import AnnouncingStore
from st2lite.services.once import once
from st2lite.services.packs import pack_host, pack_locations, pack_variables
from st2lite.storage.open import open_store
from st2lite.workflows.definitions import Definitions
from st2lite.workflows.reruns import ReRuns


class AppContext:
    """Opens what the configuration names, each at its first use; make it after forking.

    A service that never speaks to the bus thus never loads its driver.
    """

    def __init__(self, config: Config) -> None:
        self.config = config

    @once
    def store(self) -> AnnouncingStore:
        return AnnouncingStore(open_store(database_url(self.config)), lambda: self.bus)

    @once
    def bus(self) -> Bus:
        messaging = self.config.messaging
        return open_bus(
            messaging.url, messaging.cluster_urls, messaging.ssl, messaging.ssl_ca_certs, messaging.confirm_timeout
        )

    def connect(self) -> None:
        """Make sure that collections and queues exist; raise `StoreUnavailable` or `BusUnavailable`."""
        self.store.ensure_schema()
        self.bus.declare()

    def close(self) -> None:
        """Close what was opened."""
        for name in ("locks", "bus", "store"):
            if self.__dict__.get(name) is not None:
                getattr(self, name).close()

    @once
    def keyring(self) -> KeyRing | None:
        """The key that encrypts datastore values; None when the configuration names none."""
        path = self.config.keyvalue.encryption_key_path
        return KeyRing.load(Path(path)) if path and self.config.keyvalue.enable_encryption else None

    @once
    def locations(self) -> PackLocations:
        """Where packs lie on this host."""
        return pack_locations(self.config)

    @once
    def pack_host(self) -> PackHost:
        """Where and how packs are installed on this host."""
        return pack_host(self.config)

    @once
    def registrar(self) -> Registrar:
        return Registrar(self.store, self.locations, self.triggers, coordination_url(self.config) is not None)

    @once
    def triggers(self) -> Triggers:
        check = partial(check_timer, default_zone=self.config.timer.local_timezone)
        return Triggers(self.store, self.config.system.validate_trigger_parameters, check)

    @once
    def dispatcher(self) -> Dispatcher:
        return Dispatcher(self.store, self.bus, self.config.system.validate_trigger_payload)

    @once
    def trigger_catalog(self) -> TriggerCatalog:
        return TriggerCatalog(self.store, self.triggers)

    @once
    def rule_views(self) -> RuleViews:
        return RuleViews(self.store, self.config.api.mask_secrets)

    @once
    def rules(self) -> RuleBook:
        return RuleBook(self.store, self.triggers, self.rule_views)

    @once
    def listeners(self) -> Listeners:
        listeners = Listeners(self.store)
        self.store.on_write(Rule, listeners.forget)
        return listeners

    @once
    def inquiry_triggers(self) -> InquiryTriggers:
        return InquiryTriggers(self.store, self.bus, self.dispatcher)

    @once
    def webhooks(self) -> Webhooks:
        return Webhooks(self.store, self.dispatcher)

    @once
    def traces(self) -> Traces:
        return Traces(self.store)

    @once
    def locks(self) -> Locks | None:
        """What all processes agree on locks with; None when the configuration names nothing."""
        url = coordination_url(self.config)
        return open_locks(url, self.config.coordination.lock_timeout) if url else None

    @once
    def policies(self) -> PolicyIndex:
        index = PolicyIndex(self.store)
        self.store.on_write(Policy, index.forget)
        return index

    @once
    def waiting_line(self) -> WaitingLine:
        return WaitingLine(self.store, self.bus, self.policies, self.snapshots.origin)

    @once
    def admission(self) -> Admission:
        return Admission(self.store, self.bus, self.policies, self.waiting_line, self.locks)

    @once
    def retries(self) -> Retries:
        return Retries(self.policies, self.executions.request)

    @once
    def keys(self) -> Keys:
        return Keys(self.store, self.keyring, KeyEvents(self.dispatcher, self.listeners).emit)

    @once
    def pack_configs(self) -> PackConfigs:
        return PackConfigs(self.store, self.keyring)

    @once
    def snapshots(self) -> Snapshots:
        return Snapshots(self.store)

    @once
    def executions(self) -> ExecutionService:
        return ExecutionService(
            self.store, self.bus, self.snapshots, self.keyring, self.pack_configs.resolve, self.chain_reruns.check
        )

    @once
    def chains(self) -> Definitions:
        return Definitions(self.store)

    @once
    def chain_reruns(self) -> ReRuns:
        return ReRuns(self.store, self.chains)

    @once
    def views(self) -> ExecutionViews:
        return ExecutionViews(self.snapshots, self.config.webui.webui_base_url, self.config.api.mask_secrets)

    @once
    def aliases(self) -> AliasService:
        return AliasService(self.store, self.executions, self.keyring)

    @once
    def inquiries(self) -> InquiryService:
        return InquiryService(self.store, self.bus)

    @once
    def tokens(self) -> Tokens:
        return Tokens(self.store, self.config.auth.token_ttl, self.config.auth.service_token_ttl)

    @once
    def api_keys(self) -> ApiKeys:
        return ApiKeys(self.store)

    @once
    def authenticator(self) -> Authenticator:
        return Authenticator(self.tokens, self.api_keys, self.config.auth.enable, self.config.system_user.user)

    @once
    def preparation(self) -> RunPreparation:
        return RunPreparation(
            self.store,
            self.bus,
            self.keyring,
            self.pack_configs.resolve,
            self.locations.pack_dir,
            self.tokens.issue_action_token,
            api_url(self.config),
        )

    @once
    def runner_settings(self) -> RunnerSettings:
        config = self.config
        base = Path(config.system.base_path)
        key = Path(config.system_user.ssh_key_file).expanduser()
        return RunnerSettings(
            system_user=config.system_user.user,
            service_user=current_user(),
            service_python=Path(sys.executable),
            virtualenvs_dir=base / "virtualenvs",
            packlib_dir=Path(next(iter(st2lite.packlib.__path__))),
            data_dir=base,
            enable_common_libs=config.packs.enable_common_libs,
            python_log_level=config.actionrunner.python_runner_log_level,
            ssh_key=key if config.system_user.ssh_key_file else None,
            ssh_config=Path(config.ssh_runner.ssh_config_file_path).expanduser()
            if config.ssh_runner.use_ssh_config
            else None,
            ssh_connect_timeout=config.ssh_runner.ssh_connect_timeout,
            allow_partial_failure=config.ssh_runner.allow_partial_failure,
            max_parallel_hosts=config.ssh_runner.max_parallel_actions,
            system_pack_variables=pack_variables(config),
        )

"""Every option of st2.conf, once: section, name, type, default and help.

Names, sections and defaults are those of StackStorm's st2.conf, so that an existing file can be used; what st2lite adds
is marked "st2lite only" in its help. Options of StackStorm that have no use here are listed in `IGNORED`.
"""

from __future__ import annotations

import getpass
from dataclasses import dataclass, field

from st2lite.config.option import option

LARGEST_PORT = 65535

SYSLOG_FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip

LOGGING = "File that says how this service logs (format of Python's logging.config); empty: as [log] says."


@dataclass(frozen=True)
class Api:
    host: str = option("127.0.0.1", "Address st2api listens on.")
    port: int = option(9101, "Port st2api listens on.", minimum=0, maximum=LARGEST_PORT)
    allow_origin: list[str] = option(
        ["http://127.0.0.1:3000"], "Origins whose pages may call the API, separated by commas."
    )
    mask_secrets: bool = option(True, "Show ******** in place of secret values in responses.")
    workers: int = option(1, "Worker processes of st2api (st2lite only).", minimum=1)
    threads: int = option(8, "Threads of each st2api worker process (st2lite only).", minimum=1)
    auth_cookie_secure: bool = option(True, "Send the authentication cookie over HTTPS only.")
    auth_cookie_same_site: str = option(
        "lax", "SameSite attribute of the authentication cookie.", choices=("strict", "lax", "none", "unset")
    )
    logging: str = option("", LOGGING)


@dataclass(frozen=True)
class Auth:
    host: str = option("127.0.0.1", "Address st2auth listens on.")
    port: int = option(9100, "Port st2auth listens on.", minimum=0, maximum=LARGEST_PORT)
    enable: bool = option(True, "Ask for credentials. Without, every caller is the system user.")
    mode: str = option(
        "standalone", "Who checks passwords: this service, or a proxy before it.", choices=("standalone", "proxy")
    )
    backend: str = option("flat_file", "Where passwords are kept.", choices=("flat_file",))
    backend_kwargs: dict[str, str] = option(
        {"file_path": "/etc/st2/htpasswd"}, "Settings of the backend as JSON; flat_file takes file_path."
    )
    token_ttl: int = option(86400, "Longest (and default) life of a token, in seconds.", minimum=1)
    service_token_ttl: int = option(86400, "Longest life of a token of a service, in seconds.", minimum=1)
    api_url: str = option(
        "", "Base URL of the API as clients see it, without version; empty: made of [api] host and port."
    )
    workers: int = option(1, "Worker processes of st2auth (st2lite only).", minimum=1)
    threads: int = option(4, "Threads of each st2auth worker process (st2lite only).", minimum=1)
    logging: str = option("", LOGGING)


@dataclass(frozen=True)
class Stream:
    host: str = option("127.0.0.1", "Address st2stream listens on.")
    port: int = option(9102, "Port st2stream listens on.", minimum=0, maximum=LARGEST_PORT)
    heartbeat: float = option(
        25.0, "Seconds of silence after which an empty line is sent to keep a stream open.", minimum=1
    )
    logging: str = option("", LOGGING)


@dataclass(frozen=True)
class Database:
    host: str = option("127.0.0.1", "Host of MongoDB, or a whole mongodb:// or sqlite:/// URL.")
    port: int = option(27017, "Port of MongoDB.", minimum=1, maximum=LARGEST_PORT)
    db_name: str = option("st2", "Name of the database.")
    username: str | None = option(None, "User of the database.")
    password: str | None = option(None, "Password of that user.")
    ssl: bool = option(False, "Use TLS.")
    ssl_match_hostname: bool = option(True, "Check that the certificate names the host.")
    ssl_ca_certs: str | None = option(None, "File of certificate authorities.")
    ssl_certfile: str | None = option(None, "Client certificate and its private key, both in this one PEM file.")
    authentication_mechanism: str | None = option(None, "SASL mechanism, when not the server's default.")
    connection_timeout: int = option(5000, "Milliseconds to wait for the server before a call fails.", minimum=100)


@dataclass(frozen=True)
class Messaging:
    url: str = option("amqp://guest:guest@127.0.0.1:5672//", "URL of RabbitMQ, or memory:// within one process.")
    cluster_urls: list[str] = option([], "URLs of further nodes of the broker, separated by commas.")
    ssl: bool = option(False, "Use TLS.")
    ssl_ca_certs: str | None = option(None, "File of certificate authorities.")
    confirm_timeout: float = option(10.0, "Seconds to wait for the broker's confirmation (st2lite only).", minimum=0.1)


@dataclass(frozen=True)
class System:
    base_path: str = option("/opt/stackstorm", "Directory that holds packs, configs and virtualenvs.")
    validate_output_schema: bool = option(False, "Fail executions whose result violates the action's output schema.")

    validate_trigger_parameters: bool = option(True, "Check parameters of triggers against their type's schema.")
    validate_trigger_payload: bool = option(True, "Check payloads of triggers against their type's schema.")


@dataclass(frozen=True)
class SystemUser:
    user: str = option("stanley", "User that runs shell actions.")
    ssh_key_file: str = option("/home/stanley/.ssh/stanley_rsa", "Private key for remote actions that name none.")


@dataclass(frozen=True)
class ActionRunner:
    actions_pool_size: int = option(60, "Actions that one st2actionrunner runs at the same time.", minimum=1)
    python_binary: str = option("", "Python of the virtualenvs of packs; empty: the service's own.")
    python_runner_log_level: str = option("DEBUG", "Level from which a Python action's log reaches its stderr.")
    pip_opts: list[str] = option([], "Further options of pip when it fills a pack's virtualenv, separated by commas.")
    stream_output: bool = option(True, "Store and stream output of actions while they run.")
    graceful_shutdown: bool = option(True, "Let running actions finish when the service is stopped.")
    exit_still_active_check: int = option(300, "Seconds to wait for them before they are abandoned.", minimum=0)
    lease: int = option(
        30, "Seconds after which the actions of a silent worker count as lost (st2lite only).", minimum=2
    )
    logging: str = option("", LOGGING)


@dataclass(frozen=True)
class Notifier:
    enable: bool = option(True, "Run the backup scheduler in this st2notifier.")
    rescheduling_interval: float = option(5.0, "Seconds between its rounds.", minimum=0.1)
    redispatch_after: float = option(
        10.0, "Seconds an execution may wait unclaimed before it is sent again.", minimum=0
    )
    logging: str = option("", LOGGING)


@dataclass(frozen=True)
class ActionSensor:
    enable: bool = option(True, "Emit core.st2.generic.actiontrigger when an execution ends and a rule listens for it.")
    emit_when: list[str] = option(
        ["succeeded", "failed", "timeout", "canceled", "abandoned"], "Statuses that it is emitted for."
    )


@dataclass(frozen=True)
class RulesEngine:
    threads: int = option(16, "Trigger instances that are matched at the same time (st2lite only).", minimum=1)
    redispatch_after: float = option(
        10.0, "Seconds a trigger instance may wait before it is sent again (st2lite only).", minimum=0
    )
    logging: str = option("", LOGGING)


@dataclass(frozen=True)
class Timer:
    enable: bool = option(True, "Run timers in this st2rulesengine or st2timersengine.")
    local_timezone: str = option("America/Los_Angeles", "Time zone of timers that name none.")
    misfire_grace: int = option(
        60, "Seconds after its time that a missed run of a timer is still made up for (st2lite only).", minimum=0
    )
    logging: str = option("", LOGGING)


@dataclass(frozen=True)
class SensorContainer:
    sensor_node_name: str = option("sensornode1", "Name of this node among those that share the sensors.")
    partition_provider: dict[str, str] = option(
        {"name": "default"},
        "Which sensors run here: name:default (all), name:kvstore, name:file, partition_file:/path.yaml, or name:hash, "
        "hash_ranges:MIN..2147483648|3000000000..MAX.",
        pairs=True,
    )
    single_sensor_mode: bool = option(False, "Run one sensor (--sensor-ref), and end when it ends.")
    memory_limit: int = option(
        1024, "MiB of data that the process of a sensor may hold; 0 for no limit (st2lite only).", minimum=0
    )
    logging: str = option("", LOGGING)


@dataclass(frozen=True)
class GarbageCollector:
    enable: bool = option(
        True, "Remove old documents. Without, inquiries end and tokens expire all the same (st2lite only)."
    )
    collection_interval: int = option(600, "Seconds between its rounds.", minimum=1)
    sleep_delay: float = option(0.05, "Seconds of rest between two batches.", minimum=0)
    batch: int = option(500, "Documents that one batch removes (st2lite only).", minimum=2)
    action_executions_ttl: int = option(30, "Days that completed executions are kept; 0 for ever.", minimum=0)
    action_executions_output_ttl: int = option(7, "Days that output of actions is kept; 0 for ever.", minimum=0)
    trigger_instances_ttl: int = option(30, "Days that trigger instances are kept; 0 for ever.", minimum=0)
    rule_enforcements_ttl: int = option(30, "Days that enforcements of rules are kept; 0 for ever.", minimum=0)
    purge_inquiries: bool = option(True, "End inquiries that nobody answered within their time.")
    logging: str = option("", LOGGING)


@dataclass(frozen=True)
class Coordination:
    url: str | None = option(
        None, "Where hosts and services agree on locks: redis://, zookeeper:// or, on one host, file:///directory."
    )
    lock_timeout: int = option(15, "Seconds after which a lock of a silent holder is free.", minimum=1)


@dataclass(frozen=True)
class Content:
    index_url: list[str] = option(
        ["https://index.stackstorm.org/v1/index.json"], "URLs or files of pack indexes, separated by commas."
    )
    pack_group: str = option("st2packs", "Group that owns installed packs, where it exists.")
    system_packs_base_path: str = option("", "Directory of the system packs; empty: those that ship with st2lite.")
    packs_base_paths: str = option("", "Further directories of packs, separated by colons.")


@dataclass(frozen=True)
class Packs:
    enable_common_libs: bool = option(False, "Put a pack's lib directory on the path of its actions.")


@dataclass(frozen=True)
class KeyValue:
    enable_encryption: bool = option(True, "Allow encrypted values.")
    encryption_key_path: str = option("", "File of the key that encrypts secret values.")


@dataclass(frozen=True)
class SshRunner:
    use_ssh_config: bool = option(False, "Honour an SSH client configuration file.")
    ssh_config_file_path: str = option("~/.ssh/config", "That file.")
    ssh_connect_timeout: float = option(60.0, "Seconds to wait for a connection.", minimum=0.1)
    allow_partial_failure: bool = option(False, "A remote action succeeds when any of its hosts does.")
    max_parallel_actions: int = option(50, "Hosts that one action talks to at the same time.", minimum=1)


@dataclass(frozen=True)
class Log:
    level: str = option(
        "INFO", "Lowest level that is logged (st2lite only).", choices=("DEBUG", "INFO", "WARNING", "ERROR")
    )
    format: str = option("text", "text for people, json for machines (st2lite only).", choices=("text", "json"))
    directory: str = option("", "Directory of <service>.log files; empty: standard error (st2lite only).")
    mask_secrets: bool = option(True, "Mask secrets in log lines.")


@dataclass(frozen=True)
class Syslog:
    host: str = option("127.0.0.1", "Host of syslog, for logging files that name ConfigurableSyslogHandler.")
    port: int = option(514, "Its port.", minimum=1, maximum=LARGEST_PORT)
    facility: str = option("local7", "Facility of the messages.", choices=SYSLOG_FACILITIES)
    protocol: str = option("udp", "How they are sent.", choices=("udp", "tcp"))


@dataclass(frozen=True)
class WebUi:
    webui_base_url: str = option("http://localhost", "Base URL of the Web UI, for links in executions.")


@dataclass(frozen=True)
class Config:
    """The whole configuration; an attribute per section. Immutable once loaded."""

    api: Api = field(default_factory=Api)
    auth: Auth = field(default_factory=Auth)
    stream: Stream = field(default_factory=Stream)
    database: Database = field(default_factory=Database)
    messaging: Messaging = field(default_factory=Messaging)
    system: System = field(default_factory=System)
    system_user: SystemUser = field(default_factory=SystemUser)
    actionrunner: ActionRunner = field(default_factory=ActionRunner)
    notifier: Notifier = field(default_factory=Notifier)
    action_sensor: ActionSensor = field(default_factory=ActionSensor)
    rulesengine: RulesEngine = field(default_factory=RulesEngine)
    timer: Timer = field(default_factory=Timer)
    sensorcontainer: SensorContainer = field(default_factory=SensorContainer)
    garbagecollector: GarbageCollector = field(default_factory=GarbageCollector)
    coordination: Coordination = field(default_factory=Coordination)
    content: Content = field(default_factory=Content)
    packs: Packs = field(default_factory=Packs)
    keyvalue: KeyValue = field(default_factory=KeyValue)
    ssh_runner: SshRunner = field(default_factory=SshRunner)
    log: Log = field(default_factory=Log)
    syslog: Syslog = field(default_factory=Syslog)
    webui: WebUi = field(default_factory=WebUi)


IGNORED: dict[str, tuple[str, ...]] = {
    "api": ("max_page_size", "debug", "allow_origin_regex"),
    "auth": ("debug", "use_ssl", "cert", "key", "sso", "sso_backend", "sso_backend_kwargs"),
    "stream": ("debug",),
    "database": ("ssl_keyfile", "ssl_cert_reqs", "connection_retry_max_delay_m", "connection_retry_backoff_max_s",
                 "connection_retry_backoff_mul", "write_concern", "compressors"),
    "messaging": ("connection_retries", "connection_retry_wait", "login_method", "ssl_keyfile", "ssl_certfile",
                  "ssl_cert_reqs", "prefix"),
    "system": ("debug",),
    "actionrunner": ("virtualenv_opts", "virtualenv_binary", "python3_binary", "workflows_pool_size",
                     "still_active_check_interval"),
    "ssh_runner": ("remote_dir",),
    "log": ("excludes", "redirect_stderr", "mask_secrets_blacklist"),
    "garbagecollector": ("workflow_executions_ttl", "task_executions_ttl", "traces_ttl",
                         "tokens_ttl"),
    "scheduler": ("*",), "workflow_engine": ("*",), "resultstracker": ("*",),
    "exporter": ("*",), "mistral": ("*",), "rbac": ("*",), "metrics": ("*",), "schema": ("*",),
}  # fmt: skip
"""Options of StackStorm that are read and have no effect in this release ("*": the whole section)."""

RENAMED = {"timersengine": "timer"}
"""Sections that are known by a second name, the one of later releases of StackStorm."""


def current_user() -> str:
    """Name of the user this process runs as; its number where it has no name (a container without a passwd entry)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        import os

        return str(os.getuid())

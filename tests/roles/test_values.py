"""What databases, broker and checks of the host have to say on each system, beside being readable."""

from __future__ import annotations

import pytest
import yaml

from tests.roles.hosts import KINDS, each_host
from tests.roles.rendering import Host, files_on
from tests.roles.role import ROOT, Role

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

_MONGODB, _RABBITMQ, _POSTGRESQL = (Role(ROOT / "roles" / name) for name in ("mongodb", "rabbitmq", "postgresql"))


def _file(role: Role, kind: str, path: str) -> str:
    return next(file.text for file in files_on(role, kind) if file.path == path)


@each_host
def test_mongodb_asks_for_a_login_on_loopback(kind: str) -> None:
    options = yaml.safe_load(_file(_MONGODB, kind, "/etc/mongod.conf"))
    assert options["security"] == {"authorization": "enabled"}
    assert options["net"] == {"bindIp": "127.0.0.1", "port": 27017}
    assert options["systemLog"]["logRotate"] == "reopen"
    assert options["storage"]["wiredTiger"]["engineConfig"]["cacheSizeGB"] == 0.25
    assert options["storage"]["dbPath"] == ("/var/lib/mongo" if kind.endswith("-9") else "/var/lib/mongodb")


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("debian-12", "https://repo.mongodb.org/apt/debian bookworm/mongodb-org/8.0 main"),
        ("debian-13", "https://repo.mongodb.org/apt/debian bookworm/mongodb-org/8.0 main"),
        ("ubuntu-22.04", "https://repo.mongodb.org/apt/ubuntu jammy/mongodb-org/8.0 multiverse"),
        ("ubuntu-24.04", "https://repo.mongodb.org/apt/ubuntu noble/mongodb-org/8.0 multiverse"),
    ],
)
def test_mongodb_comes_from_its_vendor_and_is_signed(kind: str, line: str) -> None:
    listed = _file(_MONGODB, kind, "/etc/apt/sources.list.d/mongodb-org.list")
    assert f"deb [signed-by=/etc/apt/keyrings/mongodb-org-8.0.asc] {line}" in listed


def test_mongodb_comes_from_its_vendor_on_red_hat() -> None:
    listed = _file(_MONGODB, "rocky-9", "/etc/yum.repos.d/mongodb-org.repo")
    assert "baseurl=https://repo.mongodb.org/yum/redhat/9/mongodb-org/8.0/$basearch/\n" in listed
    assert "gpgcheck=1\n" in listed


def test_mongodb_can_come_from_a_mirror() -> None:
    mirror = {
        "mongodb_repository_url": "file:///srv/mirror",
        "mongodb_version": "7.0",
        "mongodb_repository_suite": "here",
    }
    listed = [file.text for file in Host(_MONGODB, "debian-12", mirror).files() if file.path.endswith(".list")]
    assert "mongodb-org-7.0.asc] file:///srv/mirror here main" in listed[0]


def test_a_password_does_not_end_its_place_in_the_address() -> None:
    uri = str(Host(_MONGODB, "debian-12", {"secret_values": {"mongodb": "a:b/c@d%"}}).value("{{ _mongodb_login_uri }}"))
    assert uri == "mongodb://st2:a%3Ab%2Fc%40d%25@127.0.0.1:27017/st2"


@each_host
def test_rabbitmq_listens_on_loopback_alone(kind: str) -> None:
    assert "listeners.tcp.1 = 127.0.0.1:5672\n" in _file(_RABBITMQ, kind, "/etc/rabbitmq/rabbitmq.conf")
    environment = _file(_RABBITMQ, kind, "/etc/rabbitmq/rabbitmq-env.conf")
    assert environment.count("inet_dist_use_interface {127,0,0,1}") == 2, "the server, and rabbitmqctl while it runs"
    assert "export ERL_EPMD_ADDRESS=127.0.0.1\n" in environment
    socket = _file(_RABBITMQ, kind, "/etc/systemd/system/epmd.socket.d/st2lite.conf")
    assert "ListenStream=\nListenStream=127.0.0.1:4369\n" in socket, "an empty one first takes back the unit's own"


def test_plugins_listen_where_the_broker_does() -> None:
    files = {
        file.path: file.text
        for file in Host(_RABBITMQ, "debian-12", {"rabbitmq_plugins": ["rabbitmq_management"]}).files()
    }
    assert files["/etc/rabbitmq/enabled_plugins"] == "[rabbitmq_management].\n"
    assert "management.tcp.ip = 127.0.0.1\n" in files["/etc/rabbitmq/rabbitmq.conf"]
    assert "management" not in _file(_RABBITMQ, "debian-12", "/etc/rabbitmq/rabbitmq.conf")


@each_host
def test_postgresql_takes_passwords_as_scram_over_loopback(kind: str) -> None:
    host = Host(_POSTGRESQL, kind)
    folder = host.value("{{ _postgresql_configuration_path }}")
    options = _file(_POSTGRESQL, kind, f"{folder}/conf.d/st2lite.conf")
    assert "listen_addresses = '127.0.0.1'\n" in options
    assert "password_encryption = 'scram-sha-256'\n" in options
    lines = [line.split() for line in _file(_POSTGRESQL, kind, f"{folder}/pg_hba.conf").splitlines() if line[0] != "#"]
    assert lines == [
        ["local", "all", "postgres", "peer", "map=st2lite"],
        ["host", "mistral", "mistral", "127.0.0.1/32", "scram-sha-256"],
        ["host", "mistral", "mistral", "::1/128", "scram-sha-256"],
    ]


@each_host
def test_postgresql_of_each_system_is_found(kind: str) -> None:
    units = {
        "debian-12": "postgresql@15-main.service",
        "debian-13": "postgresql@17-main.service",
        "ubuntu-22.04": "postgresql@14-main.service",
        "ubuntu-24.04": "postgresql@16-main.service",
    }
    assert Host(_POSTGRESQL, kind).value("{{ _postgresql_unit }}") == units.get(kind, "postgresql.service")


@pytest.mark.parametrize("kind", [*KINDS, "debian-11"])
def test_preflight_knows_the_supported_systems(kind: str) -> None:
    host = Host(Role(ROOT / "roles" / "preflight"), "debian-12" if kind == "debian-11" else kind)
    if kind == "debian-11":
        host.variables["ansible_facts"]["distribution_major_version"] = "11"
    supported = host.value("{{ _preflight_release in _preflight_supported[_preflight_distribution] | default([]) }}")
    assert supported is (kind != "debian-11")

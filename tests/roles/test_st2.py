"""What the role st2 writes: the product itself reads st2.conf, sudo its rules."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from st2lite.config.load import Loaded, build
from tests.roles.hosts import each_host
from tests.roles.rendering import SECRETS, Host
from tests.roles.role import ROOT, Role
from tests.servers import require

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

_ROLE = Role(ROOT / "roles" / "st2")


def _file(path: str, kind: str = "debian-12", **variables: Any) -> str:
    return next(file.text for file in Host(_ROLE, kind, variables).files() if file.path == path)


def _read(text: str) -> Loaded:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return build({section: dict(parser.items(section)) for section in parser.sections()}, environ={})


@each_host
def test_the_product_takes_st2_conf_as_it_is(kind: str) -> None:
    loaded = _read(_file("/etc/st2/st2.conf", kind))
    assert (loaded.problems, loaded.warnings) == ([], [])
    config = loaded.config
    assert config.auth.enable
    assert config.auth.backend_kwargs == {"file_path": "/etc/st2/htpasswd"}
    assert (config.database.username, config.database.password) == ("st2", SECRETS["mongodb"])
    broker = urlsplit(config.messaging.url)
    assert unquote(broker.password or "") == SECRETS["rabbitmq"]
    assert (broker.username, broker.hostname, broker.port, broker.path) == ("st2", "127.0.0.1", 5672, "/st2")
    assert config.content.system_packs_base_path == "/opt/stackstorm/packs"
    assert config.keyvalue.encryption_key_path == "/etc/st2/keys/datastore_key.json"
    assert config.coordination.url == "file:///run/st2/locks"


def test_options_of_the_operator_win_one_by_one() -> None:
    given = {
        "auth": {"token_ttl": 600, "enable": False},
        "action_sensor": {"emit_when": ["failed", "timeout"]},
        "content": {"packs_base_paths": "/srv/packs"},
    }
    config = _read(_file("/etc/st2/st2.conf", st2_config=given)).config
    assert (config.auth.token_ttl, config.auth.enable, config.auth.mode) == (600, False, "standalone")
    assert config.action_sensor.emit_when == ["failed", "timeout"]
    assert (config.content.packs_base_paths, config.content.pack_group) == ("/srv/packs", "st2packs")


def test_an_existing_database_is_named_by_its_address_alone() -> None:
    database = _read(_file("/etc/st2/st2.conf", mongodb_uri="mongodb://u:p@db1,db2/st2?replicaSet=r")).config.database
    assert database.host == "mongodb://u:p@db1,db2/st2?replicaSet=r"
    assert (database.username, database.password) == (None, None)


@pytest.mark.parametrize("text", [False, "false", True, "true"])
def test_sudo_knows_its_rules_and_nobody_gets_more_than_asked_for(text: Any, tmp_path: Path) -> None:
    visudo = shutil.which("visudo", path="/usr/sbin:/usr/bin:/sbin")
    require(visudo, "visudo (apt-get install sudo)")
    rules = _file("/etc/sudoers.d/st2", st2_sudo_full_rights=text, st2_system_user="worker")
    path = tmp_path / "st2"
    path.write_text(rules)
    path.chmod(0o440)
    done = subprocess.run([str(visudo), "-cf", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    allowed = [line for line in rules.splitlines() if line.startswith("worker ")]
    assert allowed == (["worker ALL=(ALL) NOPASSWD:SETENV: ALL"] if str(text).lower() == "true" else [])


def test_logins_have_secrets_of_their_own() -> None:
    users = [{"name": "ada", "password": "x"}, {"name": "grace"}]
    logins = Host(_ROLE, "debian-12", {"st2_auth_users": users}).value("{{ _st2_logins }}")
    assert logins == [
        {"name": "st2admin", "password": "", "secret": "admin"},
        {"name": "ada", "password": "x", "secret": "user-ada"},
        {"name": "grace", "password": "", "secret": "user-grace"},
    ]

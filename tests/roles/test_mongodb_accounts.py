"""The modules of the role mongodb against a server that, like MongoDB, lets its host make the first account."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from tests.processes import end
from tests.roles.modules import load
from tests.roles.role import ROOT
from tests.servers import require
from tests.servers.mongod import START_SECONDS, STOP_SECONDS, program

_accounts = load("mongodb/library/mongodb_accounts.py")
_login = load("mongodb/library/mongodb_login.py")
_others = load("mongodb/library/mongodb_others.py")
_STAND_IN = ROOT / "molecule" / "host" / "mongod" / "mongod"


class Server:
    """The stand-in for mongod that test hosts have, with the configuration of the role as far as it reads it."""

    def __init__(self, directory: Path) -> None:
        require(program(), "secantusd-py (pip install --pre secantusdb)")
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def start(self, authorization: str) -> None:
        log = self._directory / "mongod.log"
        log.unlink(missing_ok=True)
        configuration = {
            "net": {"bindIp": "127.0.0.1", "port": self.port},
            "storage": {"dbPath": str(self._directory / "data")},
            "systemLog": {"path": str(log)},
            "security": {"authorization": authorization},
        }
        file = self._directory / "mongod.conf"
        file.write_text(yaml.safe_dump(configuration))
        self._process = subprocess.Popen([sys.executable, _STAND_IN, "--config", file])
        self.port = int(self._wait_for(log, r"listening on \S+:(\d+)"))

    def _wait_for(self, log: Path, pattern: str) -> str:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process is not None and self._process.poll() is None:
            if found := re.search(pattern, log.read_text() if log.exists() else ""):
                return found[1]
            time.sleep(0.05)
        pytest.fail(f"the server did not start: {log.read_text() if log.exists() else 'no log'}")

    def stop(self) -> None:
        if self._process is not None:
            end(self._process, STOP_SECONDS)  # it may miss a signal that another thread than its first one gets


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    try:
        server.start("enabled")
        yield server
    finally:
        server.stop()


def _settle(server: Server, *, check: bool = False, **changes: Any) -> list[str]:
    wanted = {
        "host": "127.0.0.1",
        "port": server.port,
        "timeout": 30,
        "admin_name": "mongodb-admin",
        "admin_password": "of the administrator",
        "admin_roles": ["userAdminAnyDatabase", "clusterMonitor"],
        "database": "st2",
        "name": "st2",
        "password": "of the user",
        "roles": ["readWrite", "dbAdmin"],
    }
    done: list[str] = _accounts.settle({**wanted, **changes}, check)
    return done


def _uri(server: Server, password: str = "of%20the%20user", database: str = "st2") -> str:
    return f"mongodb://st2:{password}@127.0.0.1:{server.port}/{database}?authSource=st2"


def test_both_accounts_are_made_once(server: Server) -> None:
    assert _settle(server, check=True) == ["made the administrator mongodb-admin"]
    assert _settle(server) == ["made the administrator mongodb-admin", "made the user st2"]
    assert _settle(server) == []
    answer = _login.probe(_uri(server), "st2", 30)
    assert answer["authorization"] is True
    with MongoClient(_uri(server)) as client:
        assert client["st2"].list_collection_names() == [], "the probe leaves nothing behind"
        with pytest.raises(OperationFailure, match="not authorized"):
            client["other"]["things"].insert_one({})


def test_a_run_that_ended_between_the_accounts_goes_on(server: Server) -> None:
    first = _accounts.Server("127.0.0.1", server.port, 30)
    _accounts.make_admin(first, "mongodb-admin", "of the administrator", ["userAdminAnyDatabase"])
    assert _settle(server) == ["made the user st2"]


def test_a_user_that_is_not_as_wanted_is_mended(server: Server) -> None:
    _settle(server, roles=["read"])
    assert _settle(server, check=True, password="new") == ["gave st2 its roles", "set the password of st2"]
    assert _settle(server, password="new") == ["gave st2 its roles", "set the password of st2"]
    assert _settle(server, password="new") == []
    _login.probe(_uri(server, "new"), "st2", 30)


def test_a_lost_administrator_is_told_with_the_remedy_which_works(server: Server) -> None:
    _settle(server)
    with pytest.raises(_accounts.Refused, match="mongodb_authorization=false"):
        _settle(server, admin_password="another one")
    server.stop()
    server.start("disabled")
    assert _login.probe(_uri(server), "st2", 30)["authorization"] is False
    assert _settle(server, admin_password="another one") == ["made the administrator mongodb-admin"]
    server.stop()
    server.start("enabled")
    assert _settle(server, admin_password="another one") == []


def test_databases_of_others_are_named_and_stay_when_ours_is_dropped(server: Server) -> None:
    _settle(server)
    with (
        MongoClient("127.0.0.1", server.port, username="mongodb-admin", password="of the administrator") as admin,
        MongoClient(_uri(server)) as own,
    ):
        own["st2"]["things"].insert_one({})
        assert _others.others(admin, "st2") == []
        admin["ledger"].command("createUser", "accountant", pwd="of others", roles=["readWrite"])
        address = f"mongodb://accountant:of%20others@127.0.0.1:{server.port}/ledger"
        with MongoClient(address) as accountant:
            accountant["ledger"]["entries"].insert_one({"_id": 1})
            assert _others.others(admin, "st2") == ["ledger"]
            assert _others.drop(admin, own, "st2", "st2") is True
            assert _others.others(admin, "anything") == ["ledger"], "our database is gone"
            assert accountant["ledger"]["entries"].find_one() == {"_id": 1}
        with MongoClient(_uri(server)) as nobody:
            assert _others.drop(admin, nobody, "st2", "st2") is False, "it was gone already"


@pytest.mark.parametrize(
    ("uri", "bare"),
    [
        ("mongodb://u:p%40q@one:1,two:2/st2?authSource=admin&tls=true", "mongodb://one:1,two:2/?tls=true"),
        ("mongodb+srv://u:p@cluster.example.com/st2", "mongodb+srv://cluster.example.com/"),
        ("mongodb://u:p@[::1]:27017/?authMechanism=SCRAM-SHA-256", "mongodb://[::1]:27017/"),
    ],
)
def test_a_stranger_asks_the_same_servers(uri: str, bare: str) -> None:
    assert _login.without_credentials(uri) == bare

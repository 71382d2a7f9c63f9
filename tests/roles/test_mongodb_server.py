"""What the role mongodb does with a server of others, and what it tells the server to listen on."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.roles.rendering import Host
from tests.roles.role import ROOT, Role

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

_ROLE = Role(ROOT / "roles" / "mongodb")


@pytest.mark.parametrize(
    ("take_over", "present", "brought", "wanted"),
    [
        (False, [], [], True),
        (True, [], [], True),
        (True, ["mongodb-org"], [], False),
        # One that came with the role keeps the repository of the role.
        (True, ["mongodb-org"], ["mongodb-org"], True),
        # From the command line.
        ("false", ["mongodb-org"], [], True),
    ],
)
def test_a_server_of_others_keeps_its_repository(
    take_over: bool | str, present: list[str], brought: list[str], wanted: bool
) -> None:
    task = next(task for task in _ROLE.tasks if task.keywords.get("name") == "Have the repository")
    found = {"packages_present": present, "packages_brought": brought, "mongodb_take_over": take_over}
    condition = "{{ true if (" + task.keywords["when"] + ") else false }}"
    assert Host(_ROLE, "debian-12").value(condition, **found) is wanted


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        (["127.0.0.1"], {"bindIp": "127.0.0.1"}),
        (["127.0.0.1", "192.0.2.7"], {"bindIp": "127.0.0.1,192.0.2.7"}),
        (["127.0.0.1", "::1"], {"bindIp": "127.0.0.1,::1", "ipv6": True}),
    ],
)
def test_the_server_is_told_where_to_listen(addresses: list[str], told: dict[str, Any]) -> None:
    host = Host(_ROLE, "debian-12", {"mongodb_bind_addresses": addresses})
    text = next(file.text for file in host.files() if file.path == "/etc/mongod.conf")
    assert yaml.safe_load(text)["net"] == {"port": 27017, **told}

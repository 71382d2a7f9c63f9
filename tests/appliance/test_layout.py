"""Paths, owners, modes, users: the reference layout, row by row."""

from __future__ import annotations

import configparser
import json
import re
from typing import Any

import pytest
from testinfra.host import Host

VENV = "/opt/stackstorm/st2/bin"


def _status(host: Host, path: str) -> tuple[str, str, str]:
    """Owner, mode in octal and kind of what `path` leads to."""
    owner, mode, kind = host.check_output("stat --dereference --format='%%U:%%G|%%a|%%F' %s", path).split("|")
    return owner, mode, kind


def test_directory(host: Host, directories_row: dict[str, str]) -> None:
    row = directories_row
    assert _status(host, row["path"]) == (row["owner"], row["mode"], "directory")


def test_file(host: Host, files_row: dict[str, str]) -> None:
    row = files_row
    owner, mode, kind = _status(host, row["path"])
    assert (owner, mode) == (row["owner"], row["mode"])
    assert kind in ("regular file", "regular empty file")


@pytest.mark.parametrize("kind", ["logging", "syslog"])
def test_logging_configuration(host: Host, logging_row: str, kind: str) -> None:
    path = f"/etc/st2/{kind}.{logging_row}.conf"
    assert _status(host, path) == ("root:root", "644", "regular file")


def test_link_in_usr_bin(host: Host, links_row: str) -> None:
    link = f"/usr/bin/{links_row}"
    assert host.check_output("readlink %s", link) == f"{VENV}/{links_row}"
    assert host.run("runuser -u nobody -- %s --help", link).rc == 0


def test_program(host: Host, programs_row: str) -> None:
    owner, mode, kind = _status(host, f"{VENV}/{programs_row}")
    assert (owner, mode, kind) == ("root:root", "755", "regular file")


def test_user(host: Host, users_row: dict[str, Any]) -> None:
    row = users_row
    user = host.user(row["name"])
    assert (user.uid < 1000) == row["system"]
    assert user.group == row["name"]
    assert set(row["groups"]) <= set(user.groups)
    assert user.home == row["home"]
    assert user.password[0] in "!*", "somebody could log in with a password"
    assert user.shell.endswith(("nologin", "false")) != row["login"]
    if row["login"]:
        assert host.file(row["home"]).is_directory


def test_group_of_packs(host: Host) -> None:
    assert host.group("st2packs").gid < 1000


def test_system_user_logs_in_to_the_host_itself(host: Host, target: dict[str, Any]) -> None:
    user = target["system_user"]
    key = f"/home/{user}/.ssh/{user}_rsa"
    public = host.check_output("ssh-keygen -y -P '' -f %s", key).split()[:2]
    assert public in [
        line.split()[:2] for line in host.file(f"/home/{user}/.ssh/authorized_keys").content_string.splitlines()
    ]
    done = host.run("runuser -u %s -- ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "
                    "-i %s 127.0.0.1 id -un", user, key)  # fmt: skip
    assert done.stdout.strip() == user, done.stderr


def test_sudo_of_the_system_user(host: Host, target: dict[str, Any]) -> None:
    assert host.run("visudo --check --quiet --file=/etc/sudoers.d/st2").rc == 0
    as_root = host.run("runuser -u %s -- sudo -n id -u", target["system_user"])
    assert (as_root.rc == 0 and as_root.stdout.strip() == "0") == target["sudo_full_rights"]


def test_option(host: Host, options_row: dict[str, str]) -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(host.file("/etc/st2/st2.conf").content_string)
    section, _, option = options_row["name"].partition(".")
    assert parser.get(section, option).strip() == options_row["value"]


def test_configuration_is_valid(host: Host) -> None:
    done = host.run(f"{VENV}/st2-validate-config --config-file /etc/st2/st2.conf")
    assert done.rc == 0, done.stdout + done.stderr


def test_datastore_key(host: Host) -> None:
    key = json.loads(host.file("/etc/st2/keys/datastore_key.json").content_string)
    assert set(key) >= {"aesKeyString", "hmacKey", "mode", "size"}
    assert (key["mode"], int(key["size"])) == ("CBC", 256)


def test_environment_file_of_the_workers(host: Host, target: dict[str, Any]) -> None:
    file = host.file("/etc/default/st2actionrunner")
    assert (file.user, file.group) == ("root", "root")
    assert re.search(rf"^WORKERS=\W?{target['workers']}\W?$", file.content_string, re.MULTILINE)


def test_home_of_the_services_is_not_made(host: Host) -> None:
    assert not host.file("/home/st2").exists


@pytest.mark.parametrize("extension", ["log", "audit.log"])
def test_log(host: Host, target: dict[str, Any], extension: str) -> None:
    names = [row["name"] for row in target["services"]]
    names += [f"st2actionrunner.{number}" for number in range(1, target["workers"] + 1)]
    found = {name: _status(host, f"/var/log/st2/{name}.{extension}") for name in names}
    assert {
        name: status for name, status in found.items() if not (status[0].startswith("st2:") and status[1] == "640")
    } == {}


def test_environment_file(host: Host, services_row: dict[str, str]) -> None:
    assert _status(host, f"/etc/default/{services_row['name']}") == ("root:root", "640", "regular file")


def test_packs_belong_to_their_group(host: Host) -> None:
    folders = "/opt/stackstorm/packs /opt/stackstorm/virtualenvs"
    assert host.check_output(f"find {folders} ! -type l ! -path '*/__pycache__*' ! -group st2packs | head") == ""
    # git never changes the objects of a repository, and takes the right to write them from everybody.
    skipped = "! -path '*/__pycache__*' ! -path '*/.git/objects/*'"
    assert host.check_output(f"find {folders} ! -type l {skipped} ! -perm -ug=rw | head") == ""


def test_nothing_is_writable_for_everybody(host: Host) -> None:
    writable = "find /etc/st2 /etc/ssl/st2 /opt/stackstorm /var/log/st2 ! -type l -perm -o=w | head"
    assert host.check_output(writable) == ""

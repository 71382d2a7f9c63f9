"""No secret can be read by anybody who need not know it, least of all after everything else was tried."""

from __future__ import annotations

from typing import Any

import pytest
from testinfra.host import Host

pytestmark = pytest.mark.last

_ASK_WITHOUT_LOGIN = """
import sys
from pymongo import MongoClient
from pymongo.errors import OperationFailure
try:
    MongoClient("127.0.0.1", int(sys.argv[1])).admin.command("listDatabases")
except OperationFailure as error:
    print(error.code)
"""


@pytest.fixture(scope="session")
def secrets(target: dict[str, Any]) -> str:
    """A shell command with one secret a line on its standard output: never in an argument, never in a file of others.

    Each comes as it is and as URLs have it.
    """
    quote = "import sys, urllib.parse; [print(urllib.parse.quote(line.rstrip(), safe='')) for line in sys.stdin]"
    given = (
        f'for file in {target["secret_directory"]}/*; do cat "$file"; echo; done; '
        """grep -oE '"(aes|hmac)KeyString": *"[^"]*"' /etc/st2/keys/datastore_key.json | cut -d'"' -f4; """
        "sed -n 's/^password *= *//p' /root/.st2/config"
    )
    return f"""{{ {{ {given}; }} | tee /dev/stderr | python3 -c "{quote}"; }} 2>&1 | grep -E '.{{8}}' | sort -u"""


def test_there_are_secrets_to_look_for(host: Host, secrets: str) -> None:
    assert int(host.check_output(f"{secrets} | wc -l")) >= 5


@pytest.mark.parametrize("who", ["nobody", "system_user"])
def test_others_find_no_secret_in_files(host: Host, target: dict[str, Any], secrets: str, who: str) -> None:
    """On the whole host: what they cannot open is not found, whatever mode it has."""
    folders = "$(find / -mindepth 1 -maxdepth 1 ! -name proc ! -name sys ! -name dev ! -name srv)"
    search = "grep -rlsF --binary-files=text --devices=skip --exclude-dir=pip -f -"
    assert host.run(f"{secrets} | runuser -u {target.get(who, who)} -- {search} {folders}").stdout == ""


@pytest.mark.parametrize("what", ["cmdline", "environ"])
def test_no_secret_in_processes(host: Host, secrets: str, what: str) -> None:
    told = f"cat /proc/[0-9]*/{what} 2>/dev/null | tr '\\0' '\\n'"
    shell = f"file=$(mktemp -p /run); chmod 600 $file; {told} >$file; {secrets} | grep -cFf - $file; rm $file"
    assert host.run(shell).stdout.strip() == "0"


def test_no_secret_in_logs(host: Host, secrets: str) -> None:
    assert host.run(f"{secrets} | grep -rlF --binary-files=text -f - /var/log").stdout == ""


def test_no_secret_in_compressed_logs(host: Host, secrets: str) -> None:
    shell = f"{secrets} | find /var/log -name '*.gz' -exec zgrep -lF -f - {{}} +"
    assert host.run(shell).stdout == ""


def test_no_secret_in_the_journal(host: Host, secrets: str) -> None:
    shell = (
        f"file=$(mktemp -p /run); chmod 600 $file; {secrets} >$file; "
        "journalctl --no-pager -o cat | grep -cFf $file; rm $file"
    )
    assert host.run(shell).stdout.strip() == "0"


def test_guest_of_the_broker_is_gone(host: Host) -> None:
    users = host.check_output("rabbitmqctl --quiet --silent list_users").split("\n")
    assert [line for line in users if line.startswith("guest")] == []


def test_database_asks_for_a_login(host: Host, target: dict[str, Any]) -> None:
    port = target["mongodb_port"]
    assert host.check_output(f"/opt/stackstorm/st2/bin/python -c %s {port}", _ASK_WITHOUT_LOGIN) == "13"


def test_logs_of_the_web_server_are_not_for_everybody(host: Host) -> None:
    assert host.check_output("find /var/log/nginx -name '*st2webui*' | wc -l") != "0"
    assert host.check_output("find /var/log/nginx /var/log/st2 -type f -perm /o=rwx ! -name 'install-*'") == ""

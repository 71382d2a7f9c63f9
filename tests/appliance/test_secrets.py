"""No secret can be read by anybody who need not know it."""

from __future__ import annotations

from typing import Any

import pytest
from testinfra.host import Host

# One secret a line, on standard output of root's shell: never in an argument, never in a file.
SECRETS = r"""{
    for file in /etc/st2/secrets/*; do cat "$file"; echo; done
    grep -oE '"(aes|hmac)KeyString": *"[^"]*"' /etc/st2/keys/datastore_key.json | cut -d'"' -f4
    sed -n 's/^password *= *//p' /root/.st2/config
} | grep -E '.{8}'"""
PLACES = "/etc /opt/stackstorm /var/log /var/lib /var/tmp /tmp /run /home /root /usr/lib/systemd /usr/local"


def test_there_are_secrets_to_look_for(host: Host) -> None:
    assert int(host.check_output(f"{SECRETS} | sort -u | wc -l")) >= 5


@pytest.mark.parametrize("who", ["nobody", "system_user"])
def test_others_find_no_secret_in_files(host: Host, target: dict[str, Any], who: str) -> None:
    search = (
        f"{SECRETS} | runuser -u {target.get(who, who)} -- grep -rlsF --binary-files=text --devices=skip -f - {PLACES}"
    )
    assert host.run(search).stdout == ""


def test_no_secret_in_process_arguments(host: Host) -> None:
    arguments = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'"
    shell = f"file=$(mktemp -p /run); chmod 600 $file; {arguments} >$file; {SECRETS} | grep -cFf - $file; rm $file"
    assert host.run(shell).stdout.strip() == "0"


def test_no_secret_in_logs(host: Host) -> None:
    assert host.run(f"{SECRETS} | grep -rlF --binary-files=text -f - /var/log").stdout == ""


def test_no_secret_in_the_journal(host: Host) -> None:
    shell = (
        f"file=$(mktemp -p /run); chmod 600 $file; {SECRETS} >$file; "
        "journalctl --no-pager -o cat | grep -cFf $file; rm $file"
    )
    assert host.run(shell).stdout.strip() == "0"


def test_guest_of_the_broker_is_gone(host: Host) -> None:
    users = host.check_output("rabbitmqctl --quiet --silent list_users").split("\n")
    assert [line for line in users if line.startswith("guest")] == []


def test_database_asks_for_a_login(host: Host) -> None:
    options = host.file("/etc/mongod.conf").content_string
    assert "authorization: enabled" in options.replace("'", "").replace('"', "")

"""The remote runners against real sshd processes."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from st2lite.executions.protocol import Outcome, Run
from st2lite.runners import remote, ssh_command
from tests.processes import PATIENCE, wait_for
from tests.runs import Output, make_run, make_settings
from tests.servers.accounts import ThrowAwayUser
from tests.servers.sshd import SshServer, make_key

Later = Callable[[Callable[[], object]], int]

HOSTS = tuple(f"127.0.0.{last}" for last in range(1, 11))


@dataclass(frozen=True)
class Ssh:
    """The server that most tests use, and the key that opens it."""

    server: SshServer
    key: Path


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ssh]:
    directory = tmp_path_factory.mktemp("sshd")
    with SshServer(directory, addresses=HOSTS) as server:
        key = directory / "client"
        server.authorize(make_key(key))
        yield Ssh(server, key)


@pytest.fixture(scope="module")
def account() -> Iterator[ThrowAwayUser]:
    with ThrowAwayUser() as user:
        yield user


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "home"
    (path / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(path))
    return path


def execute(run: Run, tmp_path: Path, **settings: Any) -> Outcome:
    defaults = {"system_user": SshServer.user, "ssh_connect_timeout": PATIENCE}
    runner = remote.create(make_settings(tmp_path, **{**defaults, **settings}))
    try:
        return runner.run(run)
    finally:
        runner.close()


def command(
    ssh: Ssh,
    tmp_path: Path,
    cmd: str,
    *,
    settings: dict[str, Any] | None = None,
    output: Output | None = None,
    **parameters: Any,
) -> Outcome:
    given = {"hosts": "127.0.0.1", "port": ssh.server.port, "private_key": str(ssh.key), "cmd": cmd, **parameters}
    return execute(
        replace(make_run("remote-shell-cmd", given), output=output or Output()), tmp_path, **(settings or {})
    )


def gone(pid: int) -> bool:
    wait_for(lambda: not Path(f"/proc/{pid}").exists())
    return True


def test_a_command_answers_per_host(ssh: Ssh, tmp_path: Path) -> None:
    outcome = command(ssh, tmp_path, "pwd; echo problem >&2")
    assert outcome.status == "succeeded"
    assert outcome.result == {
        "127.0.0.1": {"succeeded": True, "failed": False, "return_code": 0, "stdout": "/tmp", "stderr": "problem"}
    }


def test_a_failing_command_keeps_its_exit_code(ssh: Ssh, tmp_path: Path) -> None:
    outcome = command(ssh, tmp_path, "exit 3")
    assert outcome.status == "failed"
    assert outcome.result["127.0.0.1"]["return_code"] == 3
    assert outcome.result["127.0.0.1"]["failed"] is True


def test_json_output_is_parsed(ssh: Ssh, tmp_path: Path) -> None:
    result = command(ssh, tmp_path, """echo '{"a": [1]}'; echo 7 >&2""").result["127.0.0.1"]
    assert (result["stdout"], result["stderr"]) == ({"a": [1]}, 7)


def test_environment_and_directory(ssh: Ssh, tmp_path: Path) -> None:
    directory = tmp_path / "it's a $(directory)"
    directory.mkdir()
    outcome = command(
        ssh, tmp_path, 'pwd; echo "$GREETING|$EMPTY|$ST2_ACTION_PACK_NAME|$ST2_ACTION_AUTH_TOKEN"',
        cwd=str(directory), env={"GREETING": "a 'b' $HOME\n`c`", "EMPTY": None},
    )  # fmt: skip
    assert outcome.result["127.0.0.1"]["stdout"] == (f"{directory}\na 'b' $HOME\n`c`||examples|token-of-the-run")


def test_a_missing_directory_fails_before_the_command(ssh: Ssh, tmp_path: Path) -> None:
    result = command(ssh, tmp_path, "true; echo ran", cwd="/no/such/directory").result["127.0.0.1"]
    assert (result["return_code"], result["stdout"]) == (1, "")
    assert "/no/such/directory" in result["stderr"]


def test_a_tilde_is_the_home_directory(ssh: Ssh, tmp_path: Path) -> None:
    assert command(ssh, tmp_path, '[ "$PWD" = ~ ]', cwd="~").status == "succeeded"


def test_neither_token_nor_command_is_seen_in_the_list_of_processes(ssh: Ssh, tmp_path: Path) -> None:
    result = command(ssh, tmp_path, "tr '\\0' ' ' < /proc/$$/cmdline; echo; echo harm''less").result["127.0.0.1"]
    visible, _, rest = result["stdout"].partition("\n")
    assert rest == "harmless"
    assert "eval" in visible
    assert "token-of-the-run" not in visible
    assert "harm" not in visible


def test_the_command_reads_an_empty_input(ssh: Ssh, tmp_path: Path) -> None:
    assert command(ssh, tmp_path, "wc -c").result["127.0.0.1"]["stdout"] == 0


def test_unicode_and_undecodable_output(ssh: Ssh, tmp_path: Path) -> None:
    result = command(ssh, tmp_path, "echo 'Grüße 🙂'; printf 'a\\377b' >&2").result["127.0.0.1"]
    assert (result["stdout"], result["stderr"]) == ("Grüße 🙂", "a\N{REPLACEMENT CHARACTER}b")


def test_big_output_and_a_big_command(ssh: Ssh, tmp_path: Path) -> None:
    filler = "x" * 300_000  # beyond what one argument of a command line can hold
    result = command(ssh, tmp_path, f"yes 0123456789 | head -n 500000; : {filler}").result["127.0.0.1"]
    assert result["return_code"] == 0
    assert len(result["stdout"]) == 500_000 * 11 - 1


def test_endless_output_is_kept_up_to_a_limit(ssh: Ssh, tmp_path: Path) -> None:
    outcome = command(ssh, tmp_path, "head -c 12000000 /dev/zero | tr '\\0' x")
    result = outcome.result["127.0.0.1"]
    assert (outcome.status, len(result["stdout"])) == ("succeeded", 10 * 1024 * 1024)
    assert result["error"] == "Only the first 10485760 bytes of stdout were kept."


def test_output_is_live_with_one_host_only(ssh: Ssh, tmp_path: Path) -> None:
    given = {"port": ssh.server.port, "private_key": str(ssh.key), "cmd": "echo out; echo err >&2"}
    for hosts, expected in (("127.0.0.1", ("out\n", "err\n")), ("127.0.0.1,127.0.0.2", ("", ""))):
        run = make_run("remote-shell-cmd", {**given, "hosts": hosts})
        assert execute(run, tmp_path).status == "succeeded"
        assert isinstance(run.output, Output)
        assert (run.output.text("stdout"), run.output.text("stderr")) == expected


@pytest.mark.parametrize(
    ("kind", "passphrase", "options"),
    [
        ("ed25519", "", ()),
        ("rsa", "", ("-m", "PEM")),
        ("ecdsa", "", ("-m", "PKCS8")),
        ("ed25519", "öffne dich", ()),
        ("rsa", "open sesame", ("-m", "PEM")),
    ],
)
def test_keys_of_every_kind_as_file_and_as_text(
    ssh: Ssh, tmp_path: Path, kind: str, passphrase: str, options: tuple[str, ...]
) -> None:
    key = tmp_path / "key"
    ssh.server.authorize(make_key(key, kind, passphrase, *options))
    for value in (str(key), key.read_text()):
        outcome = command(ssh, tmp_path, "true", private_key=value, passphrase=passphrase or None)
        assert outcome.status == "succeeded", outcome.result


def test_the_key_of_the_service_is_used_when_none_is_given(ssh: Ssh, tmp_path: Path) -> None:
    outcome = command(ssh, tmp_path, "whoami", private_key=None, settings={"ssh_key": ssh.key})
    assert outcome.result["127.0.0.1"]["stdout"] == SshServer.user


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"private_key": "/no/such/key"}, "/no/such/key"),
        ({"private_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nbm9uc2Vuc2U=\n-----END"}, "private_key"),
        ({"private_key": None}, "ssh_key_file"),
        ({"hosts": " , "}, "hosts"),
        ({"hosts": "a:b"}, "port"),
        ({"cmd": ""}, "cmd"),
        ({"port": 70000}, "port"),
        ({"env": {"A-B": "1"}}, "A-B"),
        ({"timeout": -1}, "timeout"),
        ({"bastion_host": "x:y"}, "bastion_host"),
    ],
)
def test_bad_parameters_are_named(ssh: Ssh, tmp_path: Path, parameters: dict[str, Any], word: str) -> None:
    outcome = command(ssh, tmp_path, **{"cmd": "true", **parameters})
    assert outcome.status == "failed"
    assert word in outcome.result["error"]
    assert set(outcome.result) == {"error", "traceback", "failed", "succeeded", "return_code"}
    assert (outcome.result["return_code"], outcome.result["traceback"]) == (255, "")


def test_the_key_of_the_service_is_missing(ssh: Ssh, tmp_path: Path) -> None:
    settings = {"ssh_key": tmp_path / "no_key"}
    outcome = command(ssh, tmp_path, "true", private_key=None, settings=settings)
    assert "ssh_key_file" in outcome.result["error"]
    assert str(tmp_path / "no_key") in outcome.result["error"]


def test_an_encrypted_key_without_its_passphrase(ssh: Ssh, tmp_path: Path) -> None:
    make_key(tmp_path / "locked", "ed25519", "secret")
    missing = command(ssh, tmp_path, "true", private_key=str(tmp_path / "locked"))
    assert 'give its parameter "passphrase"' in missing.result["error"]
    wrong = command(ssh, tmp_path, "true", private_key=str(tmp_path / "locked"), passphrase="other")
    assert "check the passphrase" in wrong.result["error"]


def test_a_key_that_may_not_log_in(ssh: Ssh, tmp_path: Path) -> None:
    make_key(tmp_path / "stranger")
    outcome = command(ssh, tmp_path, "true", private_key=str(tmp_path / "stranger"))
    assert outcome.status == "failed"
    assert f"login as {SshServer.user!r} was refused" in outcome.result["error"]
    assert outcome.result["return_code"] == 255


def test_password(ssh: Ssh, tmp_path: Path, account: ThrowAwayUser) -> None:
    login = {"private_key": None, "username": account.name}
    outcome = command(ssh, tmp_path, "whoami", password=account.password, **login)
    assert outcome.result["127.0.0.1"]["stdout"] == account.name
    refused = command(ssh, tmp_path, "whoami", password="wrong-secret", **login)
    assert refused.status == "failed"
    assert "wrong-secret" not in json.dumps(refused.result)


def test_sudo_with_password(ssh: Ssh, tmp_path: Path, account: ThrowAwayUser) -> None:
    login = {"private_key": None, "username": account.name, "password": account.password, "sudo": True}
    outcome = command(
        ssh, tmp_path, 'whoami; echo "$GREETING"; wc -c; exit 4',
        sudo_password=account.password, env={"GREETING": "hä?"}, **login,
    )  # fmt: skip
    result = outcome.result["127.0.0.1"]
    assert (result["return_code"], result["stdout"], result["stderr"]) == (4, "root\nhä?\n0", "")

    for wrong in ({"sudo_password": "wrong-secret"}, {}):
        refused = command(ssh, tmp_path, "whoami", **wrong, **login)
        assert refused.status == "failed"
        assert refused.result["127.0.0.1"]["return_code"] == -1
        assert "sudo_password" in refused.result["127.0.0.1"]["error"]
        assert "wrong-secret" not in json.dumps(refused.result)


def test_sudo_that_needs_no_password(ssh: Ssh, tmp_path: Path, account: ThrowAwayUser) -> None:
    # Root may always use sudo; a password that sudo does not ask for must not reach the command.
    for password in (None, account.password):
        result = command(ssh, tmp_path, "whoami; wc -c; echo $0", sudo=True, sudo_password=password)
        assert result.result["127.0.0.1"]["stdout"] == "root\n0\nbash"


def test_sudo_is_killed_when_time_is_up(ssh: Ssh, tmp_path: Path, account: ThrowAwayUser, later: Later) -> None:
    output = Output()
    outcome = command(
        ssh, tmp_path, "echo $$; exec sleep 600", timeout=later(lambda: output.pieces), output=output, sudo=True,
        sudo_password=account.password, private_key=None, username=account.name, password=account.password,
    )  # fmt: skip
    assert outcome.status == "timeout"
    assert gone(int(outcome.result["127.0.0.1"]["stdout"]))


def test_many_hosts_at_the_same_time(ssh: Ssh, tmp_path: Path) -> None:
    # Every host waits until all ten are there: one after the other would end in timeouts.
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    everybody = f'[ "$(ls {meeting} | wc -l)" -eq 10 ]'
    cmd = f'touch "{meeting}/$SSH_CONNECTION"; until {everybody}; do sleep 0.1; done'
    outcome = command(ssh, tmp_path, cmd, hosts=", ".join(HOSTS), timeout=2 * PATIENCE)
    assert outcome.status == "succeeded"
    assert list(outcome.result) == list(HOSTS)


def test_the_pool_is_bounded(ssh: Ssh, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    cmd = f"touch {marks}/$$; ls {marks} | wc -l; sleep 0.2; rm {marks}/$$"
    outcome = command(ssh, tmp_path, cmd, hosts=",".join(HOSTS[:6]), settings={"max_parallel_hosts": 2})
    assert outcome.status == "succeeded"
    assert max(result["stdout"] for result in outcome.result.values()) <= 2


def test_one_host_down(ssh: Ssh, tmp_path: Path) -> None:
    hosts = "127.0.0.1,127.0.0.99,127.0.0.2"  # nothing listens at 127.0.0.99
    outcome = command(ssh, tmp_path, "echo there", hosts=hosts)
    assert outcome.status == "failed"
    assert [result["succeeded"] for result in outcome.result.values()] == [True, False, True]
    down = outcome.result["127.0.0.99"]
    assert (down["return_code"], down["stdout"], down["timeout"]) == (255, "", False)
    assert "127.0.0.99" in down["error"]
    assert "refused" in down["error"]
    partial = command(ssh, tmp_path, "echo there", hosts=hosts, settings={"allow_partial_failure": True})
    assert partial.status == "succeeded"


def test_no_host_up(ssh: Ssh, tmp_path: Path) -> None:
    outcome = command(ssh, tmp_path, "true", hosts="127.0.0.98,127.0.0.99")
    assert outcome.status == "failed"
    assert set(outcome.result) == {"error", "traceback", "failed", "succeeded", "return_code"}
    assert "127.0.0.98" in outcome.result["error"]
    assert "127.0.0.99" in outcome.result["error"]


def test_ports_in_the_list_of_hosts(ssh: Ssh, tmp_path: Path) -> None:
    with SshServer(tmp_path / "other") as other:
        other.authorize(ssh.key.with_name("client.pub").read_text())
        hosts = f"127.0.0.1:{ssh.server.port},127.0.0.1:{other.port},127.0.0.2:{ssh.server.port},127.0.0.2"
        outcome = command(ssh, tmp_path, "true", hosts=hosts, port=ssh.server.port)
    assert outcome.status == "succeeded"
    assert {f"127.0.0.1:{ssh.server.port}", f"127.0.0.1:{other.port}"} < set(outcome.result)


def test_time_is_up(ssh: Ssh, tmp_path: Path, later: Later) -> None:
    output = Output()
    limit = later(lambda: output.pieces)
    outcome = command(ssh, tmp_path, "echo $$; exec sleep 600", output=output, timeout=limit)
    assert outcome.status == "timeout"
    result = outcome.result["127.0.0.1"]
    assert (result["return_code"], result["timeout"], result["failed"]) == (-9, True, True)
    assert result["error"] == f"Action failed to complete in {limit} seconds"
    assert gone(result["stdout"])


@pytest.mark.parametrize(("hosts", "status"), [("127.0.0.1,127.0.0.2", "failed"), ("127.0.0.2,127.0.0.1", "timeout")])
def test_a_timeout_on_one_host_after_a_success_is_a_failure(
    ssh: Ssh, tmp_path: Path, later: Later, monkeypatch: pytest.MonkeyPatch, hosts: str, status: str
) -> None:
    ended: list[object] = []

    def execute_and_tell(*given: Any) -> ssh_command.Finished:
        finished = ssh_command.execute(*given)
        ended.append(finished)
        return finished

    monkeypatch.setattr(remote, "execute", execute_and_tell)
    begun = tmp_path / "begun"
    cmd = f'case $SSH_CONNECTION in *" 127.0.0.2 "*) touch {begun}; sleep 600;; esac'
    assert command(ssh, tmp_path, cmd, hosts=hosts, timeout=later(lambda: ended and begun.exists())).status == status


def test_a_process_left_behind_does_not_keep_the_action(ssh: Ssh, tmp_path: Path) -> None:
    outcome = command(ssh, tmp_path, "sleep 600 & echo $!", timeout=600)
    assert outcome.status == "succeeded"
    os.kill(outcome.result["127.0.0.1"]["stdout"], 9)


def test_a_command_that_a_signal_ends(ssh: Ssh, tmp_path: Path) -> None:
    outcome = command(ssh, tmp_path, "echo bye; kill -KILL $$")
    assert outcome.status == "failed"
    assert (outcome.result["127.0.0.1"]["stdout"], outcome.result["127.0.0.1"]["return_code"]) == ("bye", -1)


def test_a_lost_connection(ssh: Ssh, tmp_path: Path) -> None:
    outcome = command(ssh, tmp_path, "kill -KILL $PPID")
    assert outcome.status == "failed"
    assert outcome.result["127.0.0.1"]["return_code"] == 255
    assert "lost" in outcome.result["127.0.0.1"]["error"]


def test_cancellation_kills_the_remote_process(ssh: Ssh, tmp_path: Path) -> None:
    cmd = "echo $$; exec sleep 600"
    given = {"hosts": "127.0.0.1", "port": ssh.server.port, "private_key": str(ssh.key), "cmd": cmd}
    run = make_run("remote-shell-cmd", given)
    started = threading.Event()

    class Watching(Output):
        def write(self, output_type: str, text: str) -> None:
            super().write(output_type, text)
            started.set()

    object.__setattr__(run, "output", Watching())
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(execute(run, tmp_path)))
    thread.start()
    assert started.wait(PATIENCE)
    run.cancellation.request()
    thread.join(PATIENCE)
    assert [outcome.status for outcome in outcomes] == ["canceled"]
    assert isinstance(run.output, Output)
    assert gone(int(run.output.text("stdout")))


def test_cancellation_ends_a_connection_in_the_making(tmp_path: Path, ssh: Ssh) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        given = {"hosts": "127.0.0.1", "port": silent.getsockname()[1], "private_key": str(ssh.key), "cmd": "true"}
        run = make_run("remote-shell-cmd", given)
        outcomes: list[Outcome] = []
        thread = threading.Thread(target=lambda: outcomes.append(execute(run, tmp_path, ssh_connect_timeout=300)))
        thread.start()
        connection, _ = silent.accept()
        with connection:
            run.cancellation.request()
            thread.join(PATIENCE)
            assert not thread.is_alive()
    assert "canceled" in outcomes[0].result["error"]


def test_bastion(ssh: Ssh, tmp_path: Path) -> None:
    with SshServer(tmp_path / "bastion") as bastion:
        bastion.authorize(ssh.key.with_name("client.pub").read_text())
        outcome = command(
            ssh, tmp_path, "echo through", hosts="127.0.0.1,127.0.0.2", bastion_host=f"127.0.0.1:{bastion.port}"
        )
        assert outcome.status == "succeeded"
        assert outcome.result["127.0.0.2"]["stdout"] == "through"
        log = bastion.log.read_text()
    assert log.count("Accepted publickey") == 1  # one connection carries all hosts


def test_a_bastion_that_refuses(ssh: Ssh, tmp_path: Path) -> None:
    with SshServer(tmp_path / "bastion") as bastion:
        outcome = command(ssh, tmp_path, "true", bastion_host=f"127.0.0.1:{bastion.port}")
    assert outcome.status == "failed"
    assert "Bastion host" in outcome.result["error"]


def test_an_unknown_host_key_is_accepted_and_logged(ssh: Ssh, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="st2lite")
    assert command(ssh, tmp_path, "true").status == "succeeded"
    assert "Accepted the unknown ssh-ed25519 host key SHA256:" in caplog.text


def test_a_known_host_key_is_honoured(ssh: Ssh, tmp_path: Path, home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="st2lite")
    known = home / ".ssh" / "known_hosts"
    known.write_text(f"[127.0.0.1]:{ssh.server.port} {ssh.server.host_key}\n")
    assert command(ssh, tmp_path, "true").status == "succeeded"
    assert "unknown" not in caplog.text

    other = " ".join(make_key(tmp_path / "other").split()[:2])
    known.write_text(f"[127.0.0.1]:{ssh.server.port} {other}\n")
    refused = command(ssh, tmp_path, "true")
    assert refused.status == "failed"
    assert "host key differs" in refused.result["error"]


@pytest.mark.parametrize("way", ["ProxyJump gate", "ProxyCommand none", "ProxyCommand {relay} 127.0.0.3 {port}"])
def test_the_ssh_configuration_file(ssh: Ssh, tmp_path: Path, way: str) -> None:
    relay = tmp_path / "relay"
    relay.write_text(
        f"#!{sys.executable}\nimport os, socket, sys, threading\n"
        "link = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "def back():\n    while data := link.recv(65536): os.write(1, data)\n"
        "threading.Thread(target=back, daemon=True).start()\n"
        "while data := os.read(0, 65536): link.sendall(data)\n"
    )
    relay.chmod(0o755)
    config = tmp_path / "ssh_config"
    with SshServer(tmp_path / "bastion") as bastion:
        bastion.authorize(ssh.key.with_name("client.pub").read_text())
        config.write_text(
            f"Host shop\n  HostName 127.0.0.3\n  Port {ssh.server.port}\n"
            f"  {way.format(relay=relay, port=ssh.server.port)}\n"
            f"Host gate\n  HostName 127.0.0.1\n  Port {bastion.port}\n"
            f"Host *\n  User {SshServer.user}\n  IdentityFile {ssh.key}\n"
        )
        outcome = command(
            ssh, tmp_path, "echo $SSH_CONNECTION", hosts="shop", port=None, private_key=None,
            settings={"ssh_config": config, "system_user": "nobody-here"},
        )  # fmt: skip
        through_bastion = "Accepted publickey" in bastion.log.read_text()
    assert outcome.status == "succeeded", outcome.result
    assert " 127.0.0.3 " in outcome.result["shop"]["stdout"]
    assert through_bastion == (way == "ProxyJump gate")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    actions = tmp_path / "pack" / "actions"
    (actions / "lib" / "deep").mkdir(parents=True)
    (actions / "lib" / "__pycache__").mkdir()
    (actions / "lib" / "__pycache__" / "x.pyc").write_bytes(b"")
    (actions / "lib" / "words.sh").write_text("WORD='aus lib: ü'\n")
    tool = actions / "lib" / "deep" / "tool"
    tool.write_text("#!/bin/sh\necho tool $1\n")
    tool.chmod(0o755)
    script = actions / "probe.sh"
    script.write_text(
        '#!/bin/bash\nhere=$(dirname "$0")\n. "$here/lib/words.sh"\necho "$WORD"\n"$here/lib/deep/tool" 5\n'
        'stat -c "%a %n" "$0" "$here"\n[ -e "$here/lib/__pycache__" ] && echo pycache\nprintf "<%s>" "$@"\n'
    )
    return script


SCHEMAS = {
    "name": {"type": "string"},
    "flag": {"type": "boolean"},
    "off": {"type": "boolean"},
    "second": {"type": "array", "position": 1},
    "first": {"type": "string", "position": 0},
}


def script_run(ssh: Ssh, script: Path, tmp_path: Path, **parameters: Any) -> Run:
    return make_run(
        "remote-shell-script",
        {
            "hosts": "127.0.0.1",
            "port": ssh.server.port,
            "private_key": str(ssh.key),
            "dir": str(tmp_path),
            **parameters,
        },
        {"name": "it's; rm", "flag": True, "off": False, "first": "$HOME é", "second": [1, 2]},
        schemas=SCHEMAS,
        entry_point=script,
        pack_dir=script.parent.parent,
    )


def test_a_script_with_its_lib(ssh: Ssh, tmp_path: Path, pack: Path) -> None:
    outcome = execute(script_run(ssh, pack, tmp_path), tmp_path)
    assert outcome.status == "succeeded", outcome.result
    directory = f"{tmp_path}/65f0aa0000000000000000a1"
    assert outcome.result["127.0.0.1"]["stdout"].split("\n") == [
        "aus lib: ü",
        "tool 5",
        f"744 {directory}/probe.sh",
        f"700 {directory}",
        "<--name=it's; rm><--flag><$HOME é><1,2>",
    ]
    assert not Path(directory).exists()


def test_a_script_without_a_time_limit(ssh: Ssh, tmp_path: Path, pack: Path) -> None:
    outcome = execute(script_run(ssh, pack, tmp_path, timeout=0, kwarg_op=""), tmp_path)
    assert outcome.status == "succeeded"
    assert "<name=it's; rm>" in outcome.result["127.0.0.1"]["stdout"]


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("echo x; exec sleep 600", -9)])
def test_the_directory_of_a_script_is_removed_however_it_ends(
    ssh: Ssh, tmp_path: Path, pack: Path, later: Later, script: str, code: int
) -> None:
    pack.write_text(f"#!/bin/sh\n{script}\n")
    output = Output()
    run = script_run(ssh, pack, tmp_path, timeout=later(lambda: output.pieces))
    outcome = execute(replace(run, output=output), tmp_path)
    assert outcome.result["127.0.0.1"]["return_code"] == code
    assert not (tmp_path / "65f0aa0000000000000000a1").exists()


def test_a_script_that_cannot_be_copied(ssh: Ssh, tmp_path: Path, pack: Path) -> None:
    outcome = execute(script_run(ssh, pack, tmp_path, dir="/no/such/place"), tmp_path)
    assert outcome.status == "failed"
    assert outcome.result["127.0.0.1"]["return_code"] == 255
    assert "/no/such/place" in outcome.result["127.0.0.1"]["error"]


def test_a_directory_that_somebody_made_before_is_neither_used_nor_removed(
    ssh: Ssh, tmp_path: Path, pack: Path
) -> None:
    taken = tmp_path / "65f0aa0000000000000000a1"
    taken.mkdir()
    (taken / "precious").touch()
    outcome = execute(script_run(ssh, pack, tmp_path), tmp_path)
    assert outcome.status == "failed"
    assert (taken / "precious").exists()


def test_a_script_as_root(ssh: Ssh, tmp_path: Path, pack: Path, account: ThrowAwayUser) -> None:
    pack.write_text('#!/bin/sh\nwhoami\ntouch "$(dirname "$0")/left-behind"\n')
    login = {"username": account.name, "password": account.password, "private_key": None, "dir": "/tmp"}
    run = script_run(ssh, pack, tmp_path, sudo=True, sudo_password=account.password, **login)
    outcome = execute(run, tmp_path)
    assert outcome.result["127.0.0.1"]["stdout"] == "root"
    assert not Path("/tmp/65f0aa0000000000000000a1").exists()


def test_a_script_action_without_a_script(ssh: Ssh, tmp_path: Path) -> None:
    run = make_run("remote-shell-script", {"hosts": "127.0.0.1", "private_key": str(ssh.key)})
    assert "entry_point" in execute(run, tmp_path).result["error"]


def test_secrets_stay_out_of_logs(
    ssh: Ssh, tmp_path: Path, account: ThrowAwayUser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    command(
        ssh, tmp_path, "true", sudo=True, sudo_password=account.password,
        private_key=None, username=account.name, password=account.password,
    )  # fmt: skip
    assert "paramiko" in caplog.text
    assert account.password not in caplog.text
    assert "token-of-the-run" not in caplog.text

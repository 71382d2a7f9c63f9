"""The content that comes with the product has the names and parameters that clients and packs rely on."""

import os
import subprocess
from pathlib import Path

import pytest

from st2lite.content.actions import action_files, read_action
from st2lite.content.locations import PackLocations, system_packs_dir
from st2lite.content.packs import read_pack
from st2lite.content.runner_types import read_runner_types
from st2lite.rendering.parameters import merged_schema, prepare_request, prepare_run
from st2lite.rendering.scope import RenderScope

RUNNERS = {runner.name: runner for runner in read_runner_types()}
CORE = system_packs_dir() / "core"
ACTIONS = {action.name: action for action in (read_action(path, "core", RUNNERS) for path in action_files(CORE))}

SHELL = {"cwd": "string", "env": "object", "kwarg_op": "string=--", "sudo": "boolean=False",
         "sudo_password": "string secret", "timeout": "integer=60"}  # fmt: skip
REMOTE = {**SHELL, "cwd": "string=/tmp", "dir": "string=/tmp", "hosts": "string*", "username": "string",
          "password": "string secret", "private_key": "string secret", "passphrase": "string secret",
          "port": "integer", "bastion_host": "string", "parallel": "boolean=False immutable"}  # fmt: skip
WINRM = {"host": "string*", "username": "string*", "password": "string* secret", "cwd": "string", "env": "object",
         "kwarg_op": "string=-", "port": "integer=5986", "scheme": "string=https", "timeout": "integer=60",
         "transport": "string=ntlm", "verify_ssl_cert": "boolean=True"}  # fmt: skip
RUNNER_PARAMETERS = {
    "action-chain": {"display_published": "boolean=True", "skip_notify": "array=[]"},
    "local-shell-cmd": {**SHELL, "cmd": "string"},
    "local-shell-script": {**SHELL, "debug": "boolean=False", "content_version": "string"},
    "remote-shell-cmd": {**REMOTE, "cmd": "string", "dir": "string=/tmp immutable"},
    "remote-shell-script": REMOTE,
    "python-script": {"env": "object", "timeout": "integer=600", "log_level": "string=DEBUG",
                      "debug": "boolean=False", "content_version": "string"},
    "python-workflow": {"env": "object", "timeout": "integer=600", "log_level": "string=DEBUG",
                        "debug": "boolean=False", "content_version": "string"},
    "http-request": {"url": "string*", "headers": "object", "cookies": "object", "allow_redirects": "boolean=False",
                     "http_proxy": "string", "https_proxy": "string", "username": "string",
                     "password": "string secret", "verify_ssl_cert": "boolean=True", "url_hosts_blacklist": "array",
                     "url_hosts_whitelist": "array"},
    "noop": {},
    "announcement": {"experimental": "boolean*", "route": "string=general"},
    "inquirer": {"schema": "object*", "route": "string=", "roles": "array=[]", "users": "array=[]",
                 "ttl": "integer=1440*"},
    "winrm-cmd": {**WINRM, "cmd": "string"},
    "winrm-ps-cmd": {**WINRM, "cmd": "string"},
    "winrm-ps-script": WINRM,
}  # fmt: skip
CORE_ACTIONS = {
    "announcement": ("announcement", {"message", "experimental"}),
    "ask": ("inquirer", set()),
    "echo": ("local-shell-cmd", {"message", "cmd", "kwarg_op", "sudo", "sudo_password"}),
    "error": ("local-shell-cmd", {"message", "cmd", "kwarg_op", "sudo", "sudo_password"}),
    "http": ("http-request", {"method", "body", "params", "headers", "auth", "timeout", "file_path", "file_name",
                              "file_content", "file_content_type"}),
    "inject_trigger": ("python-script", {"trigger", "trigger_name", "payload", "trace_tag"}),
    "local": ("local-shell-cmd", {"cmd", "sudo"}),
    "local_sudo": ("local-shell-cmd", {"cmd", "sudo"}),
    "noop": ("noop", set()),
    "pause": ("python-script", {"max_pause", "random"}),
    "remote": ("remote-shell-cmd", {"cmd", "sudo"}),
    "remote_sudo": ("remote-shell-cmd", {"cmd", "sudo"}),
    "sendmail": ("local-shell-script", {"from", "to", "subject", "send_empty_body", "content_type", "body", "sudo"}),
    "uuid": ("python-script", {"uuid_type"}),
    "winrm_cmd": ("winrm-cmd", {"cmd"}),
    "winrm_ps_cmd": ("winrm-ps-cmd", {"cmd"}),
}  # fmt: skip


def summary(schema):
    text = schema["type"]
    default = schema.get("default")
    if default is not None and not isinstance(default, dict):
        text += f"={default}"
    text += "*" if schema.get("required") else ""
    text += " secret" if schema.get("secret") else ""
    return text + (" immutable" if schema.get("immutable") else "")


def test_runner_types():
    assert {
        name: {p: summary(schema) for p, schema in runner.runner_parameters.items()} for name, runner in RUNNERS.items()
    } == RUNNER_PARAMETERS
    assert {name: runner.output_key for name, runner in RUNNERS.items() if runner.output_key} == {
        "python-script": "result",
        "python-workflow": "output",
        "http-request": "body",
        "action-chain": "published",
    }
    for runner in RUNNERS.values():
        assert runner.description and runner.runner_module == runner.runner_package
        assert all(schema["description"] for schema in runner.runner_parameters.values())


def test_core_actions():
    assert {name: (action.runner_type, set(action.parameters)) for name, action in ACTIONS.items()} == CORE_ACTIONS
    for action in ACTIONS.values():
        assert action.description
        assert not action.entry_point or (CORE / "actions" / action.entry_point).is_file()


def test_system_packs():
    locations = PackLocations(None, [])
    assert set(locations.all_packs()) <= {"core", "packs", "linux", "chatops", "default"}
    for name in ("core", "default", "packs"):
        assert read_pack(locations.pack_dir(name)).ref == name


def scope():
    return RenderScope(None, None, "jane", {}, dict)


@pytest.mark.parametrize(("name", "sudo"), [("local", False), ("local_sudo", True), ("echo", False), ("remote", False)])
def test_sudo_is_fixed(name, sudo):
    action, runner = ACTIONS[name], RUNNERS[ACTIONS[name].runner_type]
    assert merged_schema(action, runner)["sudo"]["immutable"] is True
    assert prepare_run(action, runner, {"message": ""}, scope())[0]["sudo"] is sudo


@pytest.mark.parametrize(
    "message",
    [
        *("plain", "it's", "'", "''\"", "`id` $(id) $HOME \\n \\", "a;b & c | d > e", "-n", "-e x", "%s %d"),
        *("line\nbreak", "!", "ünï ✓", "{ not a template }", "'; id; '", ""),
    ],
)
@pytest.mark.parametrize(("name", "stream"), [("echo", "stdout"), ("error", "stderr")])
def test_messages_are_printed_as_they_are(name, stream, message):
    action, runner = ACTIONS[name], RUNNERS["local-shell-cmd"]
    stored = prepare_request(action, runner, {"message": message}, scope())
    parameters, _ = prepare_run(action, runner, stored, scope())
    done = subprocess.run(["/bin/sh", "-c", parameters["cmd"]], capture_output=True, text=True, check=True)
    assert getattr(done, stream) == message + "\n"
    assert done.stdout + done.stderr == message + "\n"


@pytest.fixture
def mailbox(tmp_path, monkeypatch):
    """A sendmail program that keeps what it was given; calls the script and returns that."""
    program = tmp_path / "bin" / "sendmail"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/args\ncat > {tmp_path}/mail\n')
    program.chmod(0o755)

    def send(*arguments, path=str(program.parent)):
        done = subprocess.run(
            [CORE / "actions" / "sendmail" / "sendmail.sh", *arguments],
            env={**os.environ, "PATH": f"{path}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        mail = tmp_path / "mail"
        return done, mail.read_text() if mail.exists() else None

    return send


def test_a_mail(mailbox, tmp_path):
    done, mail = mailbox("me@example.com", "you@example.com", "Grüße", "1", "text/plain", "Line 1\n.\n'quoted' $HOME")
    assert (done.returncode, done.stderr) == (0, "")
    head, _, body = mail.partition("\n\n")
    assert head.splitlines() == [
        "From: me@example.com",
        "To: you@example.com",
        "Subject: =?UTF-8?B?R3LDvMOfZQ==?=",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    assert body == "Line 1\n.\n'quoted' $HOME\n"
    assert (tmp_path / "args").read_text().split() == ["-i", "-t", "-f", "me@example.com"]


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (("a", "b@x", "s\nBcc: c@x", "1", "text/html", "x"), 64, "must not contain line breaks"),
        (("a", "b@x\r", "s", "1", "text/html", "x"), 64, "must not contain line breaks"),
        (("-oQ/tmp", "b@x", "s", "1", "text/html", "x"), 64, "must not start with a dash"),
        (("a", "", "s", "1", "text/html", "x"), 64, '"to" is empty'),
        (("a", "b@x"), 64, "6 arguments expected"),
    ],
)
def test_mails_that_are_refused(mailbox, arguments, status, text):
    done, mail = mailbox(*arguments)
    assert (done.returncode, mail) == (status, None)
    assert text in done.stderr


def test_an_empty_mail_is_sent_only_if_wanted(mailbox):
    done, mail = mailbox("a", "b@x", "s", "0", "text/html", "")
    assert (done.returncode, mail) == (0, None)
    assert "no mail was sent" in done.stdout
    done, mail = mailbox("a", "b@x", "s", "1", "text/html", "")
    assert done.returncode == 0 and mail.endswith("\n\n\n")


@pytest.mark.skipif(Path("/usr/sbin/sendmail").exists(), reason="this host has a sendmail program")
def test_without_a_sendmail_program_the_remedy_is_named(mailbox):
    done, _ = mailbox("a", "b@x", "s", "1", "text/html", "x", path="/nowhere")
    assert done.returncode == 69
    assert "install a mail transfer agent" in done.stderr

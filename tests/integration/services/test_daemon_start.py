"""What keeps a daemon from starting is told in words, and the daemon ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import PATIENCE
from tests.servers.ports import free_ports

DAEMONS = ("st2api", "st2auth", "st2stream", "st2actionrunner", "st2notifier", "st2timersengine", "st2garbagecollector")


@pytest.mark.parametrize("name", DAEMONS)
@pytest.mark.parametrize(
    ("host", "told"),
    [("foo://u:hunter2@h/x", 'database URL of scheme "foo"'), ("mongodb://u:hunter2@[h/x", "database URL: an IPv6")],
)
def test_a_database_that_is_none(tmp_path: Path, name: str, host: str, told: str) -> None:
    conf = tmp_path / "st2.conf"
    sections = [f"[database]\nhost = {host}\n[messaging]\nurl = memory://\n"]
    for section, port in zip(("api", "auth", "stream"), free_ports(3), strict=True):
        sections.append(f"[{section}]\nport = {port}\n")
    conf.write_text("".join(sections))
    command = [sys.executable, "-m", f"st2lite.commands.{name}", "--config-file", str(conf)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode != 0
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hunter2" not in ended.stderr


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[api]\nport = many\n", 2),
        ("[api]\nlogging = /nowhere/logging.conf\n", 2),
        ("[api]\nport = {port}\n[keyvalue]\nencryption_key_path = {directory}/st2.conf\n", 1),
    ],
)
def test_a_mistake_in_the_configuration_has_a_code_of_its_own(tmp_path: Path, text: str, code: int) -> None:
    """An init system tells it from what is worth another try."""
    conf = tmp_path / "st2.conf"
    rest = f"[database]\nhost = sqlite://{tmp_path}/st2.db\n[messaging]\nurl = memory://\n"
    conf.write_text(text.format(port=free_ports(1)[0], directory=tmp_path) + rest)
    command = [sys.executable, "-m", "st2lite.commands.st2api", "--config-file", str(conf)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr

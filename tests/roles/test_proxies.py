"""Programs that the role st2 runs take the proxies that it is given, and nobody sees a password of theirs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.roles.rendering import Host
from tests.roles.role import ROOT, Role, each_role

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

_ROLE = Role(ROOT / "roles" / "st2")
_PROXY = "http://operator:it's $(mine) & \"no\" one else's@proxy.example.org:3128"
_TELL = "import os; print(os.environ['https_proxy']); print(os.environ['no_proxy'])"


def test_programs_get_the_proxies_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "proxies"
    host = Host(_ROLE, "debian-12", {"st2_proxy_env": {"https_proxy": _PROXY, "no_proxy": ".example.org"}})
    host.variables["_st2_proxies"] = str(file)
    written = next(rendered for rendered in host.files() if rendered.path == str(file))
    assert written.mode == "0600"
    file.write_text(written.text)
    command = [*host.value("{{ _st2_proxied }}"), sys.executable, "-c", _TELL]
    assert _PROXY not in " ".join(command)
    told = subprocess.run(command, capture_output=True, text=True, check=True, env={}).stdout
    assert told.splitlines() == [_PROXY, "localhost,127.0.0.1,::1,.example.org"]


def test_without_proxies_programs_are_run_as_they_are() -> None:
    assert Host(_ROLE, "debian-12").value("{{ _st2_proxied }}") == []


@each_role
def test_no_task_has_proxies_in_its_environment(role: Role) -> None:
    """Ansible makes it an argument of a shell."""
    for task in role.tasks:
        assert "proxy" not in str(task.keyword("environment", "")).lower(), task.name

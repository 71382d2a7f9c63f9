"""packaging/host/variables.py: what install.sh is told reaches Ansible, and is remembered but for the password."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import yaml

PROGRAM = Path(__file__).parents[2] / "packaging/host/variables.py"


def run(folder: Path, *options: str, arguments: tuple[str, ...] = (), **environment: str):
    (folder / "options").write_bytes("".join(f"{word}\0" for word in options).encode())
    words = ["--remembered", "remembered.yml", "--options", "options", "--output", "variables.yml", *arguments]
    return subprocess.run(
        [sys.executable, PROGRAM, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def written(folder: Path, name: str = "variables.yml") -> dict[str, object]:
    assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    result: dict[str, object] = yaml.safe_load((folder / name).read_text())
    return result


def test_the_password_reaches_ansible_and_is_not_remembered(tmp_path: Path) -> None:
    assert (
        run(tmp_path, "st2_auth_username", "yes", "!st2_auth_password", "0123: {[", "site_nginx", "false").stderr == ""
    )
    assert written(tmp_path) == {"st2_auth_username": "yes", "st2_auth_password": "0123: {[", "site_nginx": False}
    assert written(tmp_path, "remembered.yml") == {"st2_auth_username": "yes", "site_nginx": False}


def test_later_runs_know_what_earlier_ones_were_told(tmp_path: Path) -> None:
    (tmp_path / "vars.yml").write_text("mongodb_port: 27018\nst2_log_level: DEBUG\n")
    run(tmp_path, "st2_log_level", "INFO", arguments=("--file", "vars.yml"))
    run(tmp_path, "site_nginx", "false", http_proxy="http://proxy.example.org:3128")
    assert written(tmp_path) == {
        "mongodb_port": 27018,
        "st2_log_level": "INFO",
        "site_nginx": False,
        "st2_proxy_env": {"http_proxy": "http://proxy.example.org:3128"},
    }


def test_a_look_leaves_nothing_behind(tmp_path: Path) -> None:
    run(tmp_path, "site_nginx", "false", arguments=("--forget",))
    assert written(tmp_path) == {"site_nginx": False}
    assert not (tmp_path / "remembered.yml").exists()


def test_a_file_that_holds_no_variables_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vars.yml").write_text("- mongodb_port\n")
    result = run(tmp_path, arguments=("--file", "vars.yml"))
    assert result.returncode == 1
    assert result.stderr.startswith("vars.yml has to hold variables and their values")

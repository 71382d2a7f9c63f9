"""st2-register-content."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from st2lite.models.rule import Rule
from st2lite.storage.contract import Equal, find_one
from st2lite.storage.open import open_store


@pytest.fixture
def command(tmp_path, packs):
    """Run the command on a host of its own; the pack weather lies on its disk."""
    (tmp_path / "st2.conf").write_text(
        f"[system]\nbase_path = {tmp_path}\n[database]\nhost = sqlite://{tmp_path}/st2.db\n"
        "[messaging]\nurl = memory://\n"
    )

    def run(*arguments):
        program = [sys.executable, "-m", "st2lite.commands.register_content", "--config-file", tmp_path / "st2.conf"]
        return subprocess.run(
            [*program, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path, env=dict(os.environ)
        )

    return run


def test_everything(command, tmp_path):
    (tmp_path / "overrides" / "weather.yaml").write_text("rules: {defaults: {enabled: false}}")
    done = command("--register-all")
    assert done.returncode == 0, done.stderr
    for line in ("Registered 2 rule types.", "Registered 3 policy types.", "Registered 1 rules (overridden)."):
        assert line in done.stdout.splitlines()
    assert "sensors (overridden)" not in done.stdout
    store = open_store(f"sqlite://{tmp_path}/st2.db")
    try:
        assert find_one(store, Rule, Equal("ref", "weather.storm")).enabled is False
    finally:
        store.close()


def test_one_pack_and_some_kinds(command, packs):
    done = command("--register-pack", str(packs / "weather"), "--register-rules", "--register-triggers",
                   "--register-sensors", "--register-aliases", "--register-policies", "--register-configs")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Registered 2 rules." in done.stdout
    assert "actions" not in done.stdout


def test_a_faulty_file(command, packs):
    (packs / "weather" / "rules" / "storm.yaml").write_text("name: storm\ntrigger: [\n")
    done = command("--register-rules", "--register-triggers", "--register-sensors", "--register-pack", "weather")
    assert (done.returncode, "storm.yaml, line 3, column 1" in done.stderr) == (1, True)
    done = command("--register-all", "--register-pack", "weather", "--register-no-fail-on-failure")
    assert (done.returncode, "Registered 1 rules." in done.stdout) == (0, True)


def test_a_directory_elsewhere_is_refused(command, packs, tmp_path):
    (tmp_path / "weather").mkdir()
    done = command("--register-pack", f"{tmp_path}/weather")
    assert (done.returncode, "lies in none of the directories of packs" in done.stderr) == (1, True)
    done = command("--register-pack", "/no/such")
    assert (done.returncode, "/no/such is not a directory" in done.stderr) == (1, True)


def test_virtualenvs(command, tmp_path):
    done = command("--register-setup-virtualenvs")
    assert done.returncode == 0, done.stderr
    assert "Registered" not in done.stdout
    assert [path.name for path in Path(tmp_path / "virtualenvs").iterdir() if not path.name.startswith(".")] == [
        "weather"
    ]
    assert (tmp_path / "virtualenvs" / "weather" / "bin" / "python").exists()

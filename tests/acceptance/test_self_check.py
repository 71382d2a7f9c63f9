"""st2-self-check tells whether an installation works, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from st2lite.models.access import Token, User
from st2lite.models.datastore import KeyValuePair
from st2lite.models.execution import Execution, OutputChunk
from st2lite.models.rule import Rule, RuleEnforcement
from st2lite.models.trigger import Trigger, TriggerInstance
from st2lite.storage.open import open_store
from tests.servers.deployment import Separate, Standalone

pytestmark = pytest.mark.slow

KINDS = (Execution, OutputChunk, Rule, RuleEnforcement, Trigger, TriggerInstance, KeyValuePair, Token, User)


def self_check(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "st2lite.commands.self_check", *map(str, words)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_a_sound_installation_and_a_broken_one(tmp_path: Path) -> None:
    with Standalone(tmp_path) as st2:
        store = open_store(st2.database_url)
        before = {kind: store.count(kind) for kind in KINDS}
        done = self_check("--data-dir", st2.data_dir, "--url", st2.url)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "All is well." in done.stdout
        assert done.stdout.count("ok  ") == len(done.stdout.splitlines()) - 1
        assert {kind: store.count(kind) for kind in KINDS} == before

        (rule,) = store.find(Rule, limit=1)
        wrong = self_check("--data-dir", st2.data_dir, "--url", f"{st2.url}/nowhere")
        assert wrong.returncode == 1
        assert "FAIL  the API knows its callers" in wrong.stdout
        assert "of these checks failed." in wrong.stdout
        assert {kind: store.count(kind) for kind in KINDS} == before
        assert store.get(Rule, rule.id) == rule
        store.close()


def test_an_installation_that_knows_no_callers(tmp_path: Path) -> None:
    with Separate(tmp_path, settings={"auth": {"enable": False}}) as st2:
        done = self_check("--config-file", st2.configuration)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "All is well." in done.stdout

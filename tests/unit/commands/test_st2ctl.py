"""st2ctl: what it refuses, and services of StackStorm that are none here."""

from __future__ import annotations

from pathlib import Path

import pytest

from st2lite.commands.st2ctl import main
from st2lite.services.ctl.components import ELSEWHERE, SERVICES, components, configuration


@pytest.mark.parametrize(
    "words", [[], ["frobnicate"], ["status", "--verbose"], ["restart-component"], ["reload", "--register-nonsense"]]
)
def test_what_it_does_not_know_ends_with_usage_and_1(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "st2.conf"
    config.write_text("[database]\nhost = sqlite:///nowhere/st2.db\n")
    with pytest.raises(SystemExit) as refusal:
        raise SystemExit(main(["--config-file", str(config), *words]))
    assert refusal.value.code == 1
    assert "usage: st2" in capsys.readouterr().err


def test_a_file_of_stackstorm_may_name_services_that_are_none_here(tmp_path: Path) -> None:
    settings = tmp_path / "st2ctl"
    settings.write_text(f'COMPONENTS="{" ".join([*SERVICES, *ELSEWHERE, "st2chatops", "mistral"])}"\n')
    assert components((settings,)) == SERVICES
    assert set(ELSEWHERE.values()) <= set(SERVICES)


def test_a_service_that_starts_with_the_host_besides_is_one_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COMPONENTS", raising=False)
    assert components((), tmp_path) == SERVICES
    (tmp_path / "st2timersengine.service").symlink_to("/lib/systemd/system/st2timersengine.service")
    assert components((), tmp_path) == (*SERVICES, "st2timersengine")


def test_a_file_of_settings_may_name_another_st2_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ST2_CONF", raising=False)
    settings = tmp_path / "st2ctl"
    assert configuration((settings,)) is None
    settings.write_text('# ours\nexport ST2_CONF="/srv/st2.conf"\n')
    assert configuration((settings,)) == "/srv/st2.conf"
    monkeypatch.setenv("ST2_CONF", "/srv/other.conf")
    assert configuration((settings,)) == "/srv/other.conf"


def test_a_service_that_is_none_here_means_the_one_that_does_its_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "st2.conf"
    config.write_text("[database]\nhost = sqlite:///nowhere/st2.db\n")
    monkeypatch.setenv("COMPONENTS", "st2api")
    assert main(["--config-file", str(config), "reopen-log-files", "st2scheduler"]) == 2
    output = capsys.readouterr()
    assert "st2actionrunner does its work" in output.out
    assert "st2actionrunner is no service of this host; there are st2api." in output.err

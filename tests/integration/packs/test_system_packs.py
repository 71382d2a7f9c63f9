"""st2lite system-packs: the packs on disk are those of the version, and what users made is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from st2lite.commands.st2lite import main
from st2lite.content.installation.system_packs import place_system_packs
from st2lite.models.pack import SYSTEM_PACKS


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Two packs as a release has them, with what Python leaves beside modules."""
    for pack in ("core", "default"):
        actions = tmp_path / "release" / pack / "actions"
        actions.mkdir(parents=True)
        (tmp_path / "release" / pack / "pack.yaml").write_text(f"name: {pack}\n")
        (actions / "date.sh").write_text("date\n")
        (actions / "date.sh").chmod(0o755)
        (actions / "__pycache__").mkdir()
        (actions / "__pycache__" / "date.pyc").write_bytes(b"\0")
    return tmp_path / "release"


def test_packs_are_placed_once(release: Path, tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    assert place_system_packs(packs, "", release) == ["core", "default"]
    assert (packs / "core/actions/date.sh").stat().st_mode & 0o777 == 0o755
    assert not (packs / "core/actions/__pycache__").exists()
    (packs / "core/actions/__pycache__").mkdir()
    (packs / "core/actions/__pycache__/date.pyc").write_bytes(b"\1")
    assert place_system_packs(packs, "", release) == []
    assert sorted(path.name for path in packs.iterdir()) == ["core", "default"]


def test_an_upgrade_exchanges_packs_and_keeps_what_users_made(release: Path, tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    (packs / "weather").mkdir(parents=True)
    place_system_packs(packs, "", release)
    (packs / "default/actions/mine.yaml").write_text("name: mine\n")
    (packs / "default/pack.yaml").write_text("name: default\ndescription: ours\n")
    (packs / "core/actions/old.sh").write_text("gone\n")
    (release / "core/actions/new.sh").write_text("new\n")
    assert place_system_packs(packs, "", release) == ["core"]
    assert sorted(path.name for path in (packs / "core/actions").iterdir()) == ["date.sh", "new.sh"]
    (release / "default/rules").mkdir()
    (release / "default/rules/new.yaml").write_text("name: new\n")
    assert place_system_packs(packs, "", release) == ["default"]
    assert (packs / "default/actions/mine.yaml").exists()
    assert (packs / "default/rules/new.yaml").exists()
    assert "ours" in (packs / "default/pack.yaml").read_text()
    assert (packs / "weather").is_dir()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "st2.conf"
    config.write_text("[system]\nbase_path = /nowhere\n")
    assert main(["system-packs", "--config-file", str(config)]) == 2
    assert "system_packs_base_path is empty" in capsys.readouterr().err
    config.write_text(f"[content]\npack_group =\nsystem_packs_base_path = {tmp_path}/packs\n")
    assert main(["system-packs", "--config-file", str(config)]) == 0
    assert capsys.readouterr().out.count("Placed ") == len(SYSTEM_PACKS)
    assert {path.name for path in (tmp_path / "packs").iterdir()} == SYSTEM_PACKS
    assert main(["system-packs", "--config-file", str(config)]) == 0
    assert capsys.readouterr().out == "All system packs are those of this version.\n"


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "st2.conf"
    config.write_text(f"[content]\nsystem_packs_base_path = {config}/packs\n")
    assert main(["system-packs", "--config-file", str(config)]) == 2
    assert f"{config}/packs: Not a directory" in capsys.readouterr().err

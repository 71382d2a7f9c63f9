"""st2-apply-rbac-definitions does not pretend."""

from pathlib import Path

import pytest

from st2lite.commands.apply_rbac import main


def test_definitions_without_effect_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    conf = tmp_path / "st2.conf"
    conf.write_text(f"[system]\nbase_path = {tmp_path}\n")
    assert main(["--config-file", str(conf)]) == 0
    assert "nothing to apply" in capsys.readouterr().out
    (tmp_path / "rbac" / "assignments").mkdir(parents=True)
    (tmp_path / "rbac" / "assignments" / "joe.yaml").write_text("username: joe\nroles: [admin]\n")
    assert main(["--config-file", str(conf)]) == 1
    err = capsys.readouterr().err
    assert "not part of this release" in err
    assert "assignments/joe.yaml" in err

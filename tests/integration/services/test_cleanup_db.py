"""st2-cleanup-db empties the database, of an installation that is stopped and after a confirmation."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from st2lite.commands.cleanup_db import main
from st2lite.models.ids import new_id
from st2lite.models.rule import Rule
from st2lite.models.service import ServiceMember
from st2lite.services.standalone import take_lock
from st2lite.storage.contract import Store
from st2lite.storage.open import document_classes


class Terminal(io.StringIO):
    """Somebody who answers."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def place(store: Store, tmp_path: Path) -> list[str]:
    """Arguments that name an installation whose database holds one rule."""
    store.insert(Rule(id=new_id(), name="r", trigger={"type": "a.b", "ref": "a.b"}, action={"ref": "core.noop"}))
    conf = tmp_path / "st2.conf"
    conf.write_text(f"[database]\nhost = sqlite://{tmp_path}/st2.db\n[messaging]\nurl = memory://\n")
    return ["--config-file", str(conf)]


def test_everything_goes(place: list[str], store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store.insert(ServiceMember(id=new_id(), group="api", expires=time.time() - 1))
    assert main([*place, "--yes"]) == 0
    out = capsys.readouterr().out
    assert f"{tmp_path}/st2.db holds:" in out
    assert "rules: 1" in out
    assert {kind.__name__: store.count(kind) for kind in document_classes() if store.count(kind)} == {}
    assert main([*place, "--yes"]) == 0
    assert "is empty already" in capsys.readouterr().out


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 0), ("no\n", 1, 1), ("\n", 1, 1)])
def test_whoever_sits_there_is_asked(
    place: list[str], store: Store, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, left: int
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert main(place) == code
    assert store.count(Rule) == left


def test_where_nobody_can_be_asked_it_has_to_be_said(
    place: list[str], store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert main(place) == 1
    assert "--yes" in capsys.readouterr().err
    assert store.count(Rule) == 1


def test_nothing_is_taken_from_services_that_run(
    place: list[str], store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    store.insert(ServiceMember(id=new_id(), group="api", expires=time.time() + 60))
    assert main([*place, "--yes"]) == 1
    assert "api run: stop them first" in capsys.readouterr().err
    assert store.count(Rule) == 1


def test_nothing_is_taken_from_standalone_while_it_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "st2lite.db").touch()
    with take_lock(tmp_path):
        assert main(["--data-dir", str(tmp_path), "--yes"]) == 1
    assert "is in use by another st2lite" in capsys.readouterr().err
    assert main(["--data-dir", str(tmp_path), "--yes"]) == 0

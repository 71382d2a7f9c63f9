"""The module that keeps files before an upgrade and puts them back, in a directory of the test."""

from __future__ import annotations

from pathlib import Path

from tests.roles.modules import load

_snapshot = load("st2/library/st2_snapshot.py")


def _settings(tmp_path: Path) -> tuple[Path, list[str], Path]:
    folder, kept = tmp_path / "etc", tmp_path / "kept" / "st2"
    folder.mkdir()
    (folder / "st2.conf").write_text("old\n")
    (folder / "st2.conf").chmod(0o640)
    (folder / "link.conf").symlink_to("st2.conf")
    (folder / "other").write_text("not ours\n")
    return folder, [f"{folder}/*.conf", f"{tmp_path}/absent/*"], kept


def test_what_has_changed_is_put_back(tmp_path: Path) -> None:
    folder, patterns, kept = _settings(tmp_path)
    assert _snapshot.take(kept, patterns)
    assert kept.stat().st_mode & 0o777 == 0o700
    assert _snapshot.restore(kept, dry=False) == ([], [])
    (folder / "st2.conf").write_text("new\n")
    (folder / "st2.conf").chmod(0o644)
    (folder / "link.conf").unlink()
    (folder / "new.conf").write_text("new\n")
    (folder / "other").write_text("somebody's\n")
    changed = [f"{folder}/link.conf", f"{folder}/st2.conf"]
    assert _snapshot.restore(kept, dry=True) == (changed, [f"{folder}/new.conf"])
    assert (folder / "st2.conf").read_text() == "new\n", "it only looked"
    assert _snapshot.restore(kept, dry=False) == (changed, [f"{folder}/new.conf"])
    assert (folder / "st2.conf").read_text() == "old\n"
    assert (folder / "st2.conf").stat().st_mode & 0o777 == 0o640
    assert str((folder / "link.conf").readlink()) == "st2.conf"
    assert not (folder / "new.conf").exists()
    assert (folder / "other").read_text() == "somebody's\n"
    assert _snapshot.restore(kept, dry=False) == ([], [])


def test_a_file_whose_folder_has_gone_comes_back(tmp_path: Path) -> None:
    folder, patterns, kept = _settings(tmp_path)
    _snapshot.take(kept, patterns)
    folder.rename(tmp_path / "elsewhere")
    _snapshot.restore(kept, dry=False)
    assert (folder / "st2.conf").read_text() == "old\n"


def test_it_is_taken_once(tmp_path: Path) -> None:
    folder, patterns, kept = _settings(tmp_path)
    _snapshot.take(kept, patterns)
    (folder / "st2.conf").write_text("of an upgrade that was interrupted\n")
    assert not _snapshot.take(kept, patterns)
    _snapshot.restore(kept, dry=False)
    assert (folder / "st2.conf").read_text() == "old\n"


def test_one_that_was_not_taken_to_the_end_is_none(tmp_path: Path) -> None:
    folder, patterns, kept = _settings(tmp_path)
    draft = kept.with_name("st2.new")
    draft.mkdir(parents=True)
    (draft / "0").write_text("half\n")
    assert _snapshot.restore(kept, dry=False) == ([], [])
    assert _snapshot.take(kept, patterns)
    (folder / "st2.conf").unlink()
    _snapshot.restore(kept, dry=False)
    assert (folder / "st2.conf").read_text() == "old\n"

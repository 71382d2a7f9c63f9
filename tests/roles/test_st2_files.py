"""The module that writes many files in one step."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.roles.modules import load

module = load("st2/library/st2_files.py")


def test_a_file_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "st2api.service"
    assert module.differs(path, "text\n", 0o640)
    module.write(path, "text\n", 0o640)
    assert path.read_text() == "text\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert not module.differs(path, "text\n", 0o640)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_content_mode_and_kind_count(tmp_path: Path) -> None:
    path = tmp_path / "st2api"
    module.write(path, "text\n", 0o644)
    assert module.differs(path, "other\n", 0o644)
    assert module.differs(path, "text\n", 0o640)
    link = tmp_path / "link"
    link.symlink_to(path)
    assert module.differs(link, "text\n", 0o644)
    module.write(link, "text\n", 0o644)
    assert not link.is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_counts(tmp_path: Path) -> None:
    path = tmp_path / "st2api"
    module.write(path, "text\n", 0o644)
    os.chown(path, 12345, -1)
    assert module.differs(path, "text\n", 0o644)


def test_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    (taken / "below").mkdir(parents=True)
    with pytest.raises(OSError):
        module.write(taken, "text\n", 0o644)
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]

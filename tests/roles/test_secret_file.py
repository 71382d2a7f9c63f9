"""The module that keeps secrets, in a directory of the test."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.roles.modules import load

_secret = load("secret/library/secret_file.py")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Path of a secret whose folder does not exist."""
    return tmp_path / "st2" / "secrets" / "mongodb"


def test_folders_and_file_are_made_and_then_left_alone(file: Path) -> None:
    made = _secret.made(32)
    assert len(made) == 32 and made.isalnum() and made != _secret.made(32)
    assert _secret.settle(file, made, check=True) == [str(file.parent.parent), str(file.parent), str(file)]
    assert not file.parent.parent.exists()
    assert len(_secret.settle(file, made, check=False)) == 3
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file.parent.parent, file.parent, file)]
    assert modes == [0o755, 0o700, 0o600]
    assert _secret.kept(file) == made
    inode = file.stat().st_ino
    assert _secret.settle(file, made, check=False) == []
    assert file.stat().st_ino == inode


def test_modes_are_mended_and_values_replaced(file: Path) -> None:
    _secret.settle(file, "one", check=False)
    file.chmod(0o644)
    file.parent.chmod(0o755)
    assert _secret.settle(file, "one", check=False) == [str(file.parent), str(file)]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert _secret.settle(file, "two", check=False) == [str(file)]
    assert _secret.kept(file) == "two"
    assert os.listdir(file.parent) == ["mongodb"]  # noqa: PTH208  # hidden files, too


def test_a_link_is_replaced_by_a_file(file: Path, tmp_path: Path) -> None:
    _secret.settle(file, "one", check=False)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert _secret.settle(file, "one", check=False) == [str(file)]
    assert not file.is_symlink()


def test_what_does_not_exist_holds_nothing(file: Path) -> None:
    assert _secret.kept(file) == ""

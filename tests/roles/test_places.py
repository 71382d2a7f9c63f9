"""The module that makes directories and links, in a directory of the test."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest

from tests.roles.modules import load

_places = load("st2/library/st2_places.py")
_ME = (pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name)


def test_a_directory_is_made_and_mended(tmp_path: Path) -> None:
    path = tmp_path / "packs"
    assert _places.wrong_directory(path, *_ME, 0o775)
    _places.make_directory(path, *_ME, 0o775)
    assert not _places.wrong_directory(path, *_ME, 0o775)
    path.chmod(0o700)
    assert _places.wrong_directory(path, *_ME, 0o775)
    _places.make_directory(path, *_ME, 0o775)
    assert path.stat().st_mode & 0o7777 == 0o775


def test_a_link_to_a_directory_counts_as_one(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir(mode=0o700)
    (tmp_path / "packs").symlink_to("disk")
    _places.make_directory(tmp_path / "packs", *_ME, 0o755)
    assert not _places.wrong_directory(tmp_path / "packs", *_ME, 0o755)
    assert (tmp_path / "packs").is_symlink()


def test_owners_that_do_not_exist_yet_are_wrong(tmp_path: Path) -> None:
    assert _places.wrong_directory(tmp_path, "nobody-of-this-name", _ME[1], 0o700)
    with pytest.raises(KeyError, match="nobody-of-this-name"):
        _places.make_directory(tmp_path, "nobody-of-this-name", _ME[1], 0o700)


def test_a_link_is_made_and_led_elsewhere(tmp_path: Path) -> None:
    link = tmp_path / "st2"
    assert _places.wrong_link(link, "versions/1")
    _places.make_link(link, "versions/1")
    assert not _places.wrong_link(link, "versions/1")
    assert _places.wrong_link(link, "versions/2")
    _places.make_link(link, "versions/2")
    assert str(link.readlink()) == "versions/2"
    assert [path.name for path in tmp_path.iterdir()] == ["st2"]


def test_what_is_in_the_way_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "st2"
    path.write_text("somebody's own")
    with pytest.raises(OSError, match=r"no link.*st2'"):
        _places.wrong_link(path, "versions/1")
    with pytest.raises(OSError, match=r"no directory.*st2'"):
        _places.wrong_directory(path, *_ME, 0o755)
    assert path.read_text() == "somebody's own"

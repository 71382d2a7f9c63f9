"""The module that looks at a host, on this one."""

from __future__ import annotations

import os
from pathlib import Path

from tests.roles.modules import load

_survey = load("preflight/library/host_survey.py")


def test_folders_on_one_file_system_share_it(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    wanted = {str(tmp_path / "there"): 100, str(tmp_path / "not" / "yet"): "50"}
    [found] = _survey.disks(wanted)
    assert found["folders"] == list(wanted)
    assert found["needed"] == 150
    assert 0 <= found["free"] <= os.statvfs(tmp_path).f_blocks * os.statvfs(tmp_path).f_frsize >> 20


def test_another_file_system_counts_for_itself() -> None:
    assert len(_survey.disks({"/": 1, "/proc": 1})) == 2


def test_folders_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    assert _survey.unwritable([str(tmp_path), str(tmp_path / "none")]) == [
        str(tmp_path / "none"),
    ]

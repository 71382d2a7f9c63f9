"""Unpacking archives, honest and malicious."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from st2lite.content.installation import archive as pack_archive
from st2lite.content.installation.archive import find_pack, unpack
from st2lite.models.errors import ContentError


def make_tar(path: Path, *members: tuple[str, bytes | tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members:
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mode = 0o755 if name.endswith(".sh") else 0o644
            tar.addfile(info, io.BytesIO(content))
    return path


def make_zip(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o100755 if name.endswith(".sh") else 0o100644) << 16
            zipped.writestr(info, content)
    return path


def special(name: str, kind: bytes, link: str = "") -> tuple[str, tarfile.TarInfo]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return name, info


@pytest.fixture
def target(tmp_path: Path) -> Path:
    directory = tmp_path / "target"
    directory.mkdir()
    return directory


@pytest.mark.parametrize(("make", "name"), [(make_tar, "p.tar.gz"), (make_tar, "p.tgz"), (make_zip, "p.zip")])
def test_files_and_their_modes(make: Callable[..., Path], name: str, tmp_path: Path, target: Path) -> None:
    archive = make(tmp_path / name, ("./pack.yaml", b"name: x\n"), ("actions/deep/run.sh", b"#!/bin/sh\n"))
    unpack(archive, target)
    assert (target / "pack.yaml").read_text() == "name: x\n"
    assert stat.S_IMODE((target / "actions/deep/run.sh").stat().st_mode) == 0o755
    assert stat.S_IMODE((target / "pack.yaml").stat().st_mode) == 0o644
    assert find_pack(target, "pack.yaml") == target


def test_a_pack_in_the_one_directory_of_an_archive(tmp_path: Path, target: Path) -> None:
    unpack(make_tar(tmp_path / "p.tgz", ("weather-1.0/pack.yaml", b"")), target)
    assert find_pack(target, "pack.yaml") == target / "weather-1.0"


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ([("../outside", b"x")], "without"),
        ([("/etc/outside", b"x")], "without"),
        ([("a/../../outside", b"x")], "without"),
        ([special("link", tarfile.SYMTYPE, "/etc"), ("link/outside", b"x")], "symbolic link"),
        ([special("link", tarfile.LNKTYPE, "/etc/passwd")], "hard link"),
        ([special("device", tarfile.CHRTYPE)], "special file"),
        ([special("pipe", tarfile.FIFOTYPE)], "special file"),
        ([("a", b"x"), ("a/b", b"x")], "cannot be unpacked"),
    ],
)
def test_a_tar_that_would_do_harm(members: list[tuple[str, bytes]], problem: str, tmp_path: Path, target: Path) -> None:
    with pytest.raises(ContentError, match=problem):
        unpack(make_tar(tmp_path / "p.tar.gz", *members), target)
    assert not list(tmp_path.rglob("outside"))


def test_a_zip_that_would_do_harm(tmp_path: Path, target: Path) -> None:
    with pytest.raises(ContentError, match="without"):
        unpack(make_zip(tmp_path / "p.zip", ("../outside", b"x")), target)
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as zipped:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        zipped.writestr(info, "/etc/passwd")
    with pytest.raises(ContentError, match="symbolic link"):
        unpack(tmp_path / "link.zip", target)
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize(("make", "name"), [(make_tar, "p.tar.gz"), (make_zip, "p.zip")])
def test_a_bomb(
    make: Callable[..., Path], name: str, tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_archive, "LARGEST_PACK", 10_000)
    archive = make(tmp_path / name, ("zeros", bytes(1_000_000)))
    assert archive.stat().st_size < 10_000
    with pytest.raises(ContentError, match="comes to more than"):
        unpack(archive, target)
    monkeypatch.setattr(pack_archive, "MOST_FILES", 3)
    with pytest.raises(ContentError, match="more than 3 files"):
        unpack(make(tmp_path / name, *((f"f{i}", b"") for i in range(5))), target)


@pytest.mark.parametrize("name", ["p.tar.gz", "p.zip", "p.tgz"])
def test_what_is_no_archive(name: str, tmp_path: Path, target: Path) -> None:
    (tmp_path / name).write_bytes(b"this is no archive")
    with pytest.raises(ContentError, match="cannot be unpacked"):
        unpack(tmp_path / name, target)
    whole = make_tar(tmp_path / "whole.tar.gz", ("a", bytes(range(256)) * 100)).read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ContentError, match="cannot be unpacked"):
        unpack(tmp_path / "cut.tar.gz", target)

"""The module that records which packages came with a role, in a directory of the test."""

from __future__ import annotations

from pathlib import Path

from tests.roles.modules import load

_module = load("packages/library/package_record.py")


def test_states_of_dpkg_are_understood() -> None:
    listing = "ii  bash\nhi  held\nrc  gone\nun  never\niF  half\nii  bash\n"
    assert _module.parse(listing) == ({"bash", "held"}, {"gone"})


def test_what_came_is_recorded_with_its_dependencies(tmp_path: Path) -> None:
    record = _module.Record(tmp_path / "packages", "nginx")
    assert record.brought({"bash"}) == []
    record.begin({"bash"})
    brought = record.brought({"bash", "nginx", "nginx-common"})
    assert brought == ["nginx", "nginx-common"]
    record.finish(brought)
    assert not record.path_before.exists()
    assert record.path.read_text() == "nginx\nnginx-common\n"
    assert record.brought({"bash", "vim"}) == brought, "others come and go"


def test_an_interrupted_installation_is_still_the_owner_s(tmp_path: Path) -> None:
    record = _module.Record(tmp_path, "nginx")
    record.begin({"bash"})
    record.begin({"bash", "nginx-common"})
    assert record.brought({"bash", "nginx-common"}) == ["nginx-common"]


def test_a_second_installation_adds_to_the_record(tmp_path: Path) -> None:
    record = _module.Record(tmp_path, "nginx")
    record.finish(["nginx"])
    record.begin({"bash", "nginx"})
    assert record.brought({"bash", "nginx", "openssl"}) == ["nginx", "openssl"]
    record.finish(["nginx", "openssl"])
    assert [path.name for path in tmp_path.iterdir()] == ["nginx"]

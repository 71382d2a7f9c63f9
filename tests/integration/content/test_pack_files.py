"""Files of packs as clients see them."""

import pytest

from st2lite.content.files import MAX_SIZE, read_pack_file, read_text_files
from st2lite.models.errors import InvalidInput, NotFound
from st2lite.models.pack import Pack
from st2lite.storage.contract import Equal


@pytest.fixture
def pack(store, registrar, packs):
    directory = packs / "weather"
    (directory / "zero.bin").write_bytes(b"a\0b")
    (directory / "bom.txt").write_bytes(b"\xef\xbb\xbftext")
    (directory / "late.txt").write_bytes(b"x" * 2000 + b"\0")
    (directory / "large.txt").write_bytes(b"x" * (MAX_SIZE + 1))
    (directory / "full.txt").write_bytes(b"x" * MAX_SIZE)
    (directory / "latin.txt").write_bytes(b"gr\xfc\xdfe")
    (packs / "secret.txt").write_text("secret")
    (directory / "link.txt").symlink_to(packs / "secret.txt")
    (directory / "dir_link").symlink_to(packs)
    (directory / "inner_link.md").symlink_to("README.md")
    registrar.register(packs=["weather"])
    (directory / "README.md").write_text("# changed\n")
    return store.find(Pack, [Equal("ref", "weather")])[0]


def test_one_file(pack, packs):
    file = read_pack_file(pack, "README.md")
    assert (file.content, file.media_type) == (b"# changed\n", "text/markdown")
    assert file.modified == (packs / "weather" / "README.md").stat().st_mtime
    assert read_pack_file(pack, "inner_link.md").content == file.content


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("pack.yaml", "application/x-yaml"),
        ("actions/report.json", "application/json"),
        ("actions/forecast.sh", "text/x-sh"),
        ("zero.bin", "application/octet-stream"),
    ],
)
def test_media_types(pack, name, media_type):
    assert read_pack_file(pack, name).media_type == media_type


@pytest.mark.parametrize(
    "name",
    [
        "none", "actions", "", ".", "..", "../secret.txt", "actions/../../secret.txt", "/etc/passwd", "link.txt",
        "dir_link/secret.txt", "README.md/x", "a\0b", "x" * 5000,
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_not_found_whether_it_exists_or_not(pack, name):
    with pytest.raises(NotFound, match='Pack "weather" has no file'):
        read_pack_file(pack, name)


def test_large_files(pack):
    with pytest.raises(InvalidInput, match=r"exceeds maximum allowed file size \(500000 bytes\)"):
        read_pack_file(pack, "large.txt")
    assert len(read_pack_file(pack, "full.txt").content) == MAX_SIZE


def test_text_files(pack, packs):
    (packs / "weather" / "actions" / "report.json").unlink()
    found = {row["file_path"]: row["content"] for row in read_text_files(pack)}
    assert found["README.md"] == "# changed\n"
    assert found["latin.txt"] == "gr\ufffd\ufffde"
    assert "late.txt" in found
    for name in ("zero.bin", "bom.txt", "large.txt", "link.txt", "actions/report.json", "dir_link"):
        assert name not in found
    assert read_text_files(pack, ["pack.yaml"])[0]["file_path"] == "pack.yaml"

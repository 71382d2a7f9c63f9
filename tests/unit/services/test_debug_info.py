"""The archive for whoever helps: what matters is in it, and no secret, wherever it stood."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from st2lite.commands.check_license import main as check_license
from st2lite.commands.submit_debug_info import main

PASSWORD = "s3cr%25et/word"
BROKER = "br0ker-pa55"
AES = "QUJDREVGR0hJSktMTU5PUA"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    logs = tmp_path / "log"
    logs.mkdir()
    key = tmp_path / "key.json"
    key.write_text(f'{{"aesKeyString": "{AES}", "hmacKey": {{"hmacKeyString": "aG1hY2tleXN0cmluZw"}}}}')
    (logs / "st2api.log").write_text(f"connected with {PASSWORD}\nx-auth-token: 0123456789abcdef\nkey {AES}\nfine\n")
    (tmp_path / "logging.api.conf").write_text("[loggers]\nkeys = root\n")
    path = tmp_path / "st2.conf"
    path.write_text(
        f"[database]\nhost = sqlite://{tmp_path}/st2.db\nusername = st2\npassword = {PASSWORD}\n"
        f"[messaging]\nurl = amqp://st2:{BROKER}@127.0.0.1:5672/st2\n"
        '[auth]\nbackend_kwargs = {"file_path": "/etc/st2/htpasswd", "bind_password": "anotherone"}\n'
        f"token_ttl = 600\n[keyvalue]\nencryption_key_path = {key}\n"
        f"[log]\ndirectory = {logs}\n[system]\nbase_path = {tmp_path}/base\n"
    )
    return path


def _archive(path: Path) -> dict[str, str]:
    """Texts of the files by their paths below the one folder that all are in."""
    with tarfile.open(path) as archive:
        texts = {}
        for entry in archive:
            file = archive.extractfile(entry)
            assert file is not None
            texts[entry.name.partition("/")[2]] = file.read().decode()
        return texts


def test_the_archive_holds_what_matters_and_no_secret(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "debug.tar.gz"
    assert main(["--config-file", str(config), "--output", str(path), "--exclude-system-info", "--yes"]) == 0
    assert "Nothing was sent anywhere" in capsys.readouterr().out
    assert path.stat().st_mode & 0o777 == 0o600
    texts = _archive(path)
    assert set(texts) == {
        "about.txt", "packs.txt", "python-packages.txt", "configuration/st2.conf", "configuration/logging.api.conf",
        "logs/st2api.log",
    }  # fmt: skip
    settings = texts["configuration/st2.conf"]
    assert "username = st2\npassword = ********\n" in settings
    assert "url = amqp://********@127.0.0.1:5672/st2\n" in settings
    assert '{"file_path": "/etc/st2/htpasswd", "bind_password": "********"}' in settings
    assert "token_ttl = 600\n" in settings
    assert "fine\n" in texts["logs/st2api.log"]
    everything = "\n".join(texts.values())
    for secret in (PASSWORD, "s3cr%et/word", BROKER, AES, "aG1hY2tleXN0cmluZw", "anotherone", "0123456789abcdef"):
        assert secret not in everything


def test_parts_can_be_left_out_and_no_file_is_replaced(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "debug.tar.gz"
    words = ["--config-file", str(config), "-o", str(path), "-l", "-c", "-s"]
    assert main(words) == 0
    assert set(_archive(path)) == {"about.txt", "packs.txt", "python-packages.txt"}
    assert main(words) == 2
    assert capsys.readouterr().err.endswith(f"st2-submit-debug-info: {path}: File exists\n")


def test_everything_is_licensed(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_license(["some-key"]) == 0
    assert "free software" in capsys.readouterr().out

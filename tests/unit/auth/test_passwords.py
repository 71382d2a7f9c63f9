"""The flat file of passwords."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from st2lite.auth.passwords import FlatFile, generate_password, users_of, write_password
from st2lite.models.errors import Unauthorized
from tests.servers import require

PASSWORD = "correct horse"
# Made by Apache's htpasswd, one per kind of hash it knows.
HASHES = {
    "bcrypt": "$2y$05$WV7a6E4j3UnSLhvcq5AX4eQWdmclktqGMV.M4ho526X0xdkBGQmlq",
    "apr1": "$apr1$g50CQ6pd$q9DV.muKqPiK4iA2m5IyY/",
    "sha1": "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=",
    "crypt": "Tmm1SPRhsRR62",
    "plain": PASSWORD,
    "sha256": "$5$nJgWcGRPBetwMwN2$wOPlupwSqbTVXAGFAZd64gGnHNsrZE1ryF4hL4TFs.7",
    "sha512": "$6$Bimby5DiWibUkp64$DxGl5bgVmhRHygJD3oTQT7zTHfpQxrDqJDHerBKfjiUPE.dwlvCtZyHgTdDIQDrTG15K7JqkGACQIlpSWowqC.",  # noqa: E501
}


def accepts(file: FlatFile, user: str, password: str) -> bool:
    try:
        file.verify(user, password)
    except Unauthorized as error:
        assert error.message == "Invalid or missing credentials"
        return False
    return True


@pytest.mark.parametrize("kind", HASHES)
def test_every_kind_of_hash(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "htpasswd"
    path.write_text(f"ada:{HASHES[kind]}\n")
    file = FlatFile(path)
    assert accepts(file, "ada", PASSWORD)
    assert not accepts(file, "ada", "in" + PASSWORD)
    assert not accepts(file, "ada", "")
    assert not accepts(file, "eve", PASSWORD)


@pytest.mark.parametrize("option", ["-B", "-m", "-s", "-d", "-p"])
def test_the_command_itself(tmp_path: Path, option: str) -> None:
    require(shutil.which("htpasswd"), "htpasswd (apt-get install apache2-utils)")
    path = tmp_path / "htpasswd"
    subprocess.run(["htpasswd", "-cb", option, str(path), "ada", "secret"], check=True, capture_output=True)
    assert accepts(FlatFile(path), "ada", "secret")
    assert not accepts(FlatFile(path), "ada", "Secret")


def test_long_passwords_count_as_far_as_bcrypt_goes(tmp_path: Path) -> None:
    path = tmp_path / "htpasswd"
    write_password(path, "ada", "x" * 72)
    assert accepts(FlatFile(path), "ada", "x" * 100)
    assert not accepts(FlatFile(path), "ada", "x" * 71)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "htpasswd"
    path.write_text("ada:first\n")
    file = FlatFile(path)
    assert accepts(file, "ada", "first")
    path.write_text("ada:second\ngrace:third\n")
    assert accepts(file, "ada", "second")
    assert not accepts(file, "ada", "first")
    assert accepts(file, "grace", "third")


def test_a_file_replaced_within_the_same_instant_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "htpasswd"
    path.write_text("ada:one\n")
    file = FlatFile(path)
    assert accepts(file, "ada", "one")
    moment = path.stat()
    other = tmp_path / "new"
    other.write_text("ada:two\n")
    os.utime(other, ns=(moment.st_atime_ns, moment.st_mtime_ns))
    other.replace(path)
    assert accepts(file, "ada", "two")


def test_a_missing_file_is_logged_and_lets_nobody_in(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "htpasswd"
    file = FlatFile(path)
    assert not accepts(file, "ada", "x")
    assert str(path) in caplog.text
    path.write_text("ada:x\n")
    assert accepts(file, "ada", "x")
    path.unlink()
    assert not accepts(file, "ada", "x")


def test_comments_blank_and_broken_lines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "htpasswd"
    path.write_text("# people\n\nno colon here\n:nobody\nempty:\n  \nada:x\n")
    file = FlatFile(path)
    assert accepts(file, "ada", "x")
    assert not accepts(file, "empty", "")
    assert not accepts(file, "", "nobody")
    assert "line 3" in caplog.text
    assert "line 5" in caplog.text


@pytest.mark.parametrize("password", ["nul\0byte", "\ud800", "x" * 10_000, "ünïcödé"])
def test_strange_passwords_are_only_wrong(tmp_path: Path, password: str) -> None:
    path = tmp_path / "htpasswd"
    path.write_text("".join(f"{kind}:{hashed}\n" for kind, hashed in HASHES.items()) + "damaged:$2y$05$short\n")
    file = FlatFile(path)
    for kind in (*HASHES, "damaged", "unknown"):
        assert not accepts(file, kind, password)


def test_a_new_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "htpasswd"
    assert users_of(path) == set()
    write_password(path, "ada", "x")
    assert path.stat().st_mode & 0o777 == 0o600
    assert users_of(path) == {"ada"}


def test_writing_keeps_the_other_lines_and_those_who_may_read_them(tmp_path: Path) -> None:
    path = tmp_path / "htpasswd"
    path.write_text("# people: all of them\nada:x\ngrace:y\n")
    path.chmod(0o644)
    write_password(path, "ada", "new pass:word")
    assert path.stat().st_mode & 0o777 == 0o640
    assert users_of(path) == {"ada", "grace"}
    file = FlatFile(path)
    assert accepts(file, "ada", "new pass:word")
    assert accepts(file, "grace", "y")
    assert path.read_text().startswith("# people: all of them\ngrace:y\nada:$2")
    assert [entry.name for entry in tmp_path.iterdir()] == ["htpasswd"]


def test_generated_passwords_can_stand_anywhere() -> None:
    made = {generate_password() for _ in range(200)}
    assert len(made) == 200
    assert all(password.isascii() and password.isalnum() and len(password) == 24 for password in made)

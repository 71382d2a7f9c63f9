"""st2lite remove-user: who is removed has nothing left to get in with."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from st2lite.auth.api_keys import ApiKeys
from st2lite.auth.passwords import users_of, write_password
from st2lite.auth.tokens import Tokens
from st2lite.commands.st2lite import main
from st2lite.models.errors import Unauthorized
from st2lite.storage.open import open_store


@pytest.fixture
def config(tmp_path: Path) -> list[str]:
    path = tmp_path / "st2.conf"
    path.write_text(
        f'[auth]\nbackend_kwargs = {{"file_path": "{tmp_path}/htpasswd"}}\n'
        f"[database]\nhost = sqlite://{tmp_path}/st2.db\n[messaging]\nurl = memory://\n"
    )
    return ["--config-file", str(path)]


def test_nothing_is_left_to_get_in_with(config: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "htpasswd"
    write_password(file, "ada", "x")
    write_password(file, "grace", "x")
    store = open_store(f"sqlite://{tmp_path}/st2.db")
    try:
        store.ensure_schema()
        tokens, keys = Tokens(store), ApiKeys(store)
        given = {user: (tokens.create(user)[1], keys.create(user, {})[1] or "") for user in ("ada", "grace")}
        tokens.create("ada")
        assert main(["remove-user", *config, "ada"]) == 0
        assert capsys.readouterr().out == f"Removed ada from {file}; tokens ended: 2; API keys disabled: 1.\n"
        for check, secret in ((tokens.check, given["ada"][0]), (keys.check, given["ada"][1])):
            with pytest.raises(Unauthorized):
                check(secret)
        assert tokens.check(given["grace"][0]).user == keys.check(given["grace"][1]).user == "grace"
    finally:
        store.close()
    assert users_of(file) == {"grace"}
    assert file.stat().st_mode & 0o777 == 0o600


def test_those_of_a_list_go_but_for_some(
    config: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, record = tmp_path / "htpasswd", tmp_path / "new" / "logins"
    with_record = [*config, "--record", str(record)]
    write_password(file, "grace", "made by hand")
    store = open_store(f"sqlite://{tmp_path}/st2.db")
    store.ensure_schema()
    store.close()
    for user in ("root", "ada", "grace"):
        monkeypatch.setattr("sys.stdin", io.StringIO("x"))
        assert main(["set-password", *with_record, "--keep", user]) == 0
    assert record.read_text() == "ada\nroot\n"
    assert record.stat().st_mode & 0o777 == 0o600
    capsys.readouterr()
    for _ in range(2):
        assert main(["remove-user", *with_record, "--keep", "root", "--keep", "new"]) == 0
    assert capsys.readouterr().out == f"Removed ada from {file}; tokens ended: 0; API keys disabled: 0.\n"
    assert record.read_text() == "root\n"
    assert users_of(file) == {"grace", "root"}


def test_what_is_refused(config: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["remove-user", *config]) == 2
    assert main(["remove-user", *config, "a:b"]) == 2
    assert "Name a user" in capsys.readouterr().err
    assert not (tmp_path / "htpasswd").exists()

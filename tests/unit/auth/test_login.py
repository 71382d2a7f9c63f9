"""From user name and password to a token."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from st2lite.auth.login import Login, LoginRequest
from st2lite.auth.passwords import FlatFile
from st2lite.auth.tokens import Tokens
from st2lite.models.access import User
from st2lite.models.errors import InvalidInput, Unauthorized
from st2lite.storage.contract import Store


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def login(store: Store, tmp_path: Path) -> Login:
    (tmp_path / "htpasswd").write_text("ada:pass:word\nbot:b\ngrace:ü\n")
    return Login(store, Tokens(store, ttl=100), FlatFile(tmp_path / "htpasswd"))


@pytest.mark.parametrize(("user", "password"), [("ada", "pass:word"), ("grace", "ü")])
def test_the_right_password(login: Login, user: str, password: str) -> None:
    token, text = login.log_in(LoginRequest(basic(user, password), ttl=5))
    assert token.user == user
    assert len(text) == 32


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        "Basic " + base64.b64encode(b"ada").decode(),
        "Basic " + base64.b64encode(b":pass:word").decode(),
        "Bearer abc",
        "Digest username=ada",
        basic("ada", "wrong"),
        basic("nobody", "pass:word"),
        basic("ada", ""),
        "Basic ☃",
    ],
)
def test_everything_else_is_refused_alike(login: Login, header: str | None) -> None:
    with pytest.raises(Unauthorized, match=r"^Invalid or missing credentials$"):
        login.log_in(LoginRequest(header))


def test_the_scheme_is_read_in_any_case(login: Login) -> None:
    assert login.log_in(LoginRequest(basic("ada", "pass:word").replace("Basic", "bAsIc")))[0].user == "ada"


def test_behind_a_proxy_no_password_is_checked(store: Store) -> None:
    login = Login(store, Tokens(store), backend=None)
    assert login.log_in(LoginRequest(remote_user="ada"))[0].user == "ada"
    assert login.log_in(LoginRequest(basic("grace", "anything")))[0].user == "grace"
    assert login.log_in(LoginRequest(basic("grace", "x"), remote_user="ada"))[0].user == "ada"
    with pytest.raises(Unauthorized):
        login.log_in(LoginRequest())


class TestImpersonation:
    @pytest.fixture(autouse=True)
    def users(self, store: Store) -> None:
        store.insert(User(id="bot", is_service=True))
        store.insert(User(id="grace", nicknames={"slack": "@amazing"}))

    def ask(self, login: Login, user: str = "bot", password: str = "b", **more: Any) -> str:
        return login.log_in(LoginRequest(basic(user, password), **more))[0].user

    def test_a_service_may_act_for_a_user(self, login: Login) -> None:
        assert self.ask(login, impersonate_user="grace") == "grace"

    def test_by_nickname(self, login: Login) -> None:
        assert self.ask(login, impersonate_user="@amazing", nickname_origin="slack") == "grace"

    def test_an_unknown_user_or_nickname(self, login: Login) -> None:
        for more in ({"impersonate_user": "eve"}, {"impersonate_user": "@eve", "nickname_origin": "slack"}):
            with pytest.raises(InvalidInput, match="impersonate_user"):
                self.ask(login, **more)

    def test_a_person_may_not(self, login: Login) -> None:
        with pytest.raises(InvalidInput, match="not a service"):
            self.ask(login, "ada", "pass:word", impersonate_user="grace")

"""Options of pip whose URLs hold a user."""

from __future__ import annotations

import netrc
from pathlib import Path

import pytest

from st2lite.content.installation.credentials import outside_argv
from st2lite.models.errors import InvalidInput


def test_plain_options_stay_as_they_are(tmp_path: Path) -> None:
    options = ["--no-index", "--find-links=/srv/wheels", "-i", "https://packages.example/simple@1"]
    with outside_argv(options, tmp_path) as (words, variables):
        assert (words, variables) == (options, {})
        assert list(tmp_path.iterdir()) == []


def test_users_go_into_a_file_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").write_text("machine c.example login mine password 3\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "own"))
    options = ["--index-url=https://me:1%40x@A.example:8443/simple", "-f", "https://token@b.example/links"]
    with outside_argv(options, tmp_path) as (words, variables):
        assert words == ["--index-url=https://a.example:8443/simple", "-f", "https://b.example/links"]
        path = Path(variables["NETRC"])
        assert path.stat().st_mode & 0o777 == 0o600
        text = path.read_text()
        assert "machine a.example login me password 1@x\n" in text
        assert 'machine b.example login token password ""\n' in text
        found = netrc.netrc(str(path))
        assert (found.authenticators("a.example") or ())[::2] == ("me", "1@x")
        assert (found.authenticators("c.example") or ())[2] == "3"
    assert not path.exists()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--proxy=http://me:1@proxy.example"], "https_proxy"),
        (["--proxy", "http://me:1@proxy.example"], "https_proxy"),
        (["-ihttp://me:1@a.example/x", "--extra-index-url", "http://you:2@a.example/y"], "pip.conf"),
    ],
)
def test_what_such_a_file_cannot_say(tmp_path: Path, options: list[str], text: str) -> None:
    with pytest.raises(InvalidInput, match=text) as refused, outside_argv(options, tmp_path):
        pass
    assert "1" not in refused.value.message
    assert list(tmp_path.iterdir()) == []

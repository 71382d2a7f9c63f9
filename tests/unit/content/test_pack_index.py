"""The index of packs: merging, searching, health."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from st2lite.content.installation.index import PackIndex, search
from st2lite.models.errors import InvalidInput
from tests.servers.web import Answer, WebServer

PACKS = {
    "chat": {"name": "chat", "description": "Talks.", "keywords": ["slack"], "email": "slack@example.com"},
    "slack": {"name": "slack", "description": "Sends messages.", "keywords": [], "repo_url": "https://h/chat"},
    "mail": {"name": "mail", "description": "Unlike SLACK, slow.", "keywords": ["smtp"]},
    "kube": {"name": "kube", "description": "", "content": {"actions": {"count": 1, "resources": ["slack_off"]}}},
    "none": {"name": "none", "description": None, "repo_url": "https://slack", "email": "slack"},
}


def write(directory: Path, name: str, packs: object) -> str:
    path = directory / name
    path.write_text(json.dumps({"packs": packs}))
    return f"file://{path}"


def test_names_come_first_then_keywords_then_the_rest() -> None:
    assert [entry["name"] for entry in search(PACKS, "Slack")] == ["slack", "chat", "mail", "kube"]
    assert search(PACKS, "nothing like it") == []


def test_the_first_index_wins(tmp_path: Path) -> None:
    one = write(tmp_path, "1.json", {"a": {"version": "1.0.0"}})
    two = write(tmp_path, "2.json", {"a": {"version": "2.0.0"}, "b": {"name": "b", "repo_url": "../b.tar.gz"}})
    packs, status = PackIndex([one, two]).load()
    assert packs == {
        "a": {"name": "a", "version": "1.0.0"},
        "b": {"name": "b", "repo_url": f"file://{tmp_path.parent}/b.tar.gz"},
    }
    assert [(entry.packs, entry.error) for entry in status] == [(1, None), (2, None)]


def test_health(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    routes = {"/index": lambda request: Answer(200, json.dumps({"packs": {"a": {}, "b": {}}}).encode())}
    with WebServer(routes) as server:
        index = PackIndex(
            [
                server.url("/index"), f"{tmp_path}/bad.json", f"file://{tmp_path}/list.json", f"{tmp_path}/deep.json",
                write(tmp_path, "empty.json", {}), "file:///nowhere.json", server.url("/status/503"),
                "http://user:secret@127.0.0.1:1/", "gopher://x/",
            ]
        )  # fmt: skip
        health = index.health()
    assert health["indexes"]["errors"] == {"malformed": 3, "empty": 1, "unresponsive": 2, "other errors": 2}
    assert (health["indexes"]["count"], health["indexes"]["valid"], health["indexes"]["invalid"]) == (9, 1, 8)
    assert health["packs"] == {"count": 2}
    assert health["indexes"]["status"][0]["message"] == "Success."
    assert "secret" not in json.dumps(health)


def test_none_that_can_be_used() -> None:
    with pytest.raises(InvalidInput, match=r"index_url\): file:///nowhere.json: /nowhere.json cannot be read"):
        PackIndex(["file:///nowhere.json"]).packs()
    with pytest.raises(InvalidInput, match="none is configured"):
        PackIndex([]).packs()


def test_a_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps({"packs": {"a": {}}}).encode()
    with WebServer({"/v1": lambda request: Answer(200, body)}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url())
        monkeypatch.delenv("no_proxy", raising=False)
        assert list(PackIndex(["http://index.example/v1/index.json"]).packs()) == ["a"]
        assert proxy.received[0].target == "http://index.example/v1/index.json"

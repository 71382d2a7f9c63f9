"""/packs: list, read, files, register."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.http.conftest import ApiClient

ACTION = """\
name: hello
runner_type: local-shell-cmd
parameters:
  cmd:
    default: echo hello
"""


@pytest.fixture
def pack(packs_dir: Path) -> Path:
    """A pack on disk that is not registered yet."""
    directory = packs_dir / "greetings"
    (directory / "actions").mkdir(parents=True)
    (directory / "pack.yaml").write_text(
        "name: greetings\ndescription: Says hello.\nversion: 1.0.0\nauthor: A. Tester\nemail: a@example.com\n"
    )
    (directory / "actions" / "hello.yaml").write_text(ACTION)
    (directory / "icon.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    return directory


@pytest.fixture
def registered(client: ApiClient, pack: Path) -> Path:
    result = client.simulate_post("/v1/packs/register", json={"packs": ["greetings"]})
    assert result.status_code == 200, result.text
    return pack


def test_the_list_is_sorted_and_complete(client: ApiClient) -> None:
    result = client.simulate_get("/v1/packs/")
    refs = [row["ref"] for row in result.json]
    assert refs == sorted(refs)
    assert {"core", "default", "packs"} <= set(refs)
    assert (result.headers["X-Total-Count"], result.headers["X-Limit"]) == (str(len(refs)), "100")
    backwards = client.simulate_get("/v1/packs", query_string="sort=-ref").json
    assert [row["ref"] for row in backwards] == refs[::-1]
    assert len(client.simulate_get("/v1/packs", query_string="ref=core").json) == 1
    assert len(client.simulate_get("/v1/packs", query_string="name=core").json) == 1


def test_included_attributes_keep_id_and_ref(client: ApiClient) -> None:
    row = client.simulate_get("/v1/packs", query_string="include_attributes=name,description&ref=core").json[0]
    assert sorted(row) == ["description", "id", "name", "ref"]


def test_by_ref_and_by_id(client: ApiClient) -> None:
    pack = client.simulate_get("/v1/packs/core").json
    assert pack["uid"] == "pack:core"
    assert client.simulate_get(f"/v1/packs/{pack['id']}").json == pack
    assert client.simulate_get("/v1/packs/no_such").status_code == 404


def test_registering_what_lies_on_disk(client: ApiClient, pack: Path) -> None:
    result = client.simulate_post("/v1/packs/register", json={"packs": ["greetings"], "types": ["actions"]})
    assert result.status_code == 200
    assert result.json["actions"] == 1
    assert result.json["runners"] > 5
    assert client.simulate_get("/v1/packs/greetings").json["version"] == "1.0.0"
    assert client.simulate_get("/v1/actions/greetings.hello").status_code == 200


def test_registering_everything_needs_no_body(client: ApiClient, pack: Path) -> None:
    result = client.simulate_post("/v1/packs/register")
    assert result.status_code == 200
    assert result.json["actions"] > 10
    assert client.simulate_get("/v1/packs/greetings").status_code == 200


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"packs": ["no_such"]}, 'Pack "no_such" not found on disk'),
        ({"types": ["colours"]}, "colours"),
        ({"types": "actions"}, "types"),
        ({"packs": ["../../etc"]}, "not found on disk"),
        ({"fail_on_failure": "perhaps"}, "fail_on_failure"),
    ],
)
def test_bad_registrations_are_refused(client: ApiClient, body: object, text: str) -> None:
    result = client.simulate_post("/v1/packs/register", json=body)
    assert result.status_code == 400
    assert text in result.json["faultstring"]


def test_a_broken_file_is_named(client: ApiClient, pack: Path) -> None:
    (pack / "actions" / "broken.yaml").write_text("name: broken\nrunner_type: [\n")
    result = client.simulate_post("/v1/packs/register", json={"packs": ["greetings"]})
    assert result.status_code == 400
    assert "broken.yaml" in result.json["faultstring"]
    lenient = client.simulate_post("/v1/packs/register", json={"packs": ["greetings"], "fail_on_failure": False})
    assert (lenient.status_code, lenient.json["actions"]) == (200, 1)


def test_text_files_of_a_pack(client: ApiClient, registered: Path) -> None:
    (registered / "large.txt").write_bytes(b"x" * 500_001)
    client.simulate_post("/v1/packs/register", json={"packs": ["greetings"]})
    files = {row["file_path"]: row["content"] for row in client.simulate_get("/v1/packs/views/files/greetings").json}
    assert sorted(files) == ["actions/hello.yaml", "pack.yaml"]
    assert files["actions/hello.yaml"] == ACTION
    assert client.simulate_get("/v1/packs/views/files/no_such").status_code == 404


def test_one_file_of_a_pack(client: ApiClient, registered: Path) -> None:
    result = client.simulate_get("/v1/packs/views/file/greetings/actions/hello.yaml")
    assert (result.status_code, result.text) == (200, ACTION)
    assert "json" not in result.headers["Content-Type"]
    icon = client.simulate_get("/v1/packs/views/file/greetings/icon.png")
    assert (icon.content, icon.headers["Content-Type"]) == ((registered / "icon.png").read_bytes(), "image/png")


def test_a_file_the_caller_has_is_not_sent_again(client: ApiClient, registered: Path) -> None:
    path = "/v1/packs/views/file/greetings/pack.yaml"
    first = client.simulate_get(path)
    assert not first.headers["ETag"].startswith('"')
    for headers in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        again = client.simulate_get(path, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
    assert client.simulate_get(path, headers={"If-None-Match": "other"}).status_code == 200
    assert client.simulate_get(path, headers={"If-Modified-Since": "yesterday"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "no_such.txt",
        "actions",
        "../core/pack.yaml",
        "../../../../etc/passwd",
        "/etc/passwd",
        "actions/../../core/pack.yaml",
        "%00",
    ],
)
def test_only_files_of_the_pack_are_served(client: ApiClient, registered: Path, path: str) -> None:
    result = client.simulate_get(f"/v1/packs/views/file/greetings/{path}")
    assert result.status_code in (400, 403, 404)
    assert "root:" not in result.text


def test_links_out_of_the_pack_are_not_followed(client: ApiClient, registered: Path) -> None:
    (registered / "link").symlink_to("/etc/passwd")
    assert client.simulate_get("/v1/packs/views/file/greetings/link").status_code in (403, 404)


def test_large_files_are_refused(client: ApiClient, registered: Path) -> None:
    (registered / "large.txt").write_bytes(b"x" * 500_001)
    result = client.simulate_get("/v1/packs/views/file/greetings/large.txt")
    assert result.status_code == 400
    assert "500" in result.json["faultstring"]

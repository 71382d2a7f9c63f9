"""Bodies of requests and responses."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import falcon
import msgspec
import pytest
from falcon import testing

from st2lite.auth.authenticate import Authenticator
from st2lite.http import media
from st2lite.http.app import create_app


class Echo:
    public = True

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = media.read_body(req)

    def on_put(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = media.read_object(req)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"text": "ü☃", "raw": msgspec.Raw(b'{"a": [1]}')}


@pytest.fixture
def client() -> testing.TestClient:
    app = create_app(Authenticator(None, None, enabled=False))  # type: ignore[arg-type]
    app.add_route("/", Echo())
    return testing.TestClient(app)


def post(client: testing.TestClient, body: bytes, content_type: str | None) -> testing.Result:
    return client.simulate_post("/", body=body, headers={"Content-Type": content_type} if content_type else {})


@pytest.mark.parametrize(
    "content_type", [None, "application/json", "Application/JSON", "application/json; charset=utf-8", "text/plain"]
)
def test_json(client: testing.TestClient, content_type: str | None) -> None:
    assert post(client, '{"a": "ü"}'.encode(), content_type).json == {"a": "ü"}
    assert post(client, b"", content_type).json == {}
    assert post(client, b" \n", content_type).json == {}
    assert post(client, b"[1]", content_type).json == [1]


@pytest.mark.parametrize("body", [b"{bad", b'{"a": "\xff"}', b"[" * 100_000, b"{} {}", b"NaN"])
def test_broken_json(client: testing.TestClient, body: bytes) -> None:
    result = post(client, body, "application/json")
    assert result.status_code == 400
    assert result.json["faultstring"].startswith("Failed to parse request body: ")


def test_a_form_is_a_map_of_lists(client: testing.TestClient) -> None:
    result = post(client, b"a=1&b=x+y&a=2&c=&d=%C3%BC", "application/x-www-form-urlencoded")
    assert result.json == {"a": ["1", "2"], "b": ["x y"], "c": [""], "d": ["ü"]}


def test_a_multipart_form_is_one_too(client: testing.TestClient) -> None:
    body = b"".join(
        b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair
        for pair in ((b"a", b"1"), (b"b", "ü".encode()), (b"a", b"2"))
    )
    result = post(client, body + b"--cut--\r\n", "multipart/form-data; boundary=cut")
    assert result.json == {"a": ["1", "2"], "b": ["ü"]}
    for broken in ("multipart/form-data", "multipart/form-data; boundary=other"):
        assert post(client, body, broken).status_code == 400


@pytest.mark.parametrize("content_type", ["image/png", "application/xml; x=1", "json"])
def test_other_types_are_refused(client: testing.TestClient, content_type: str) -> None:
    result = post(client, b"x", content_type)
    assert result.status_code == 400
    assert result.json["faultstring"] == f'Failed to parse request body: Unsupported Content-Type: "{content_type}"'


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null"])
def test_where_an_object_is_needed(client: testing.TestClient, body: bytes) -> None:
    result = client.simulate_put("/", body=body)
    assert (result.status_code, result.json["faultstring"]) == (400, "The request body must be a JSON object.")


def test_responses_are_compact_and_unescaped(client: testing.TestClient) -> None:
    result = client.simulate_get("/")
    assert result.content == '{"text":"ü☃","raw":{"a": [1]}}'.encode()
    assert result.headers["content-type"] == "application/json"


class TestSize:
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(media, "MAX_BODY", 10)

    def test_a_long_body_is_not_read(self, client: testing.TestClient) -> None:
        result = post(client, b'"12345678"', None)
        assert result.json == "12345678"
        assert post(client, b'"123456789"', None).status_code == 413

    @pytest.mark.parametrize(("body", "code"), [(b'"12345678"', 200), (b'"123456789"', 413)])
    def test_a_body_without_length(self, client: testing.TestClient, body: bytes, code: int) -> None:
        environ: dict[str, Any] = testing.create_environ("/", method="POST")
        environ.pop("CONTENT_LENGTH", None)
        environ |= {"wsgi.input": BytesIO(body), "wsgi.input_terminated": True}
        start = testing.StartResponseMock()
        b"".join(client.app(environ, start))
        assert start.status.startswith(str(code))

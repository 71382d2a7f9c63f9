"""The api app over a real SQLite store with the system packs registered; every response is held against OpenAPI."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from falcon import testing

from st2lite.config.schema import Auth, Config, Content, Database, KeyValue, Messaging, System
from st2lite.content.locations import PackLocations
from st2lite.content.registrar import Registrar
from st2lite.http.api_app import create_api_app
from st2lite.http.openapi.document import document
from st2lite.rendering.crypto import generate_key_file
from st2lite.services.context import AppContext
from st2lite.storage.open import open_store
from tests.openapi_contract import Contract

USER = "st2admin"
PASSWORD = "open sesame"


class ApiClient(testing.TestClient):
    """Calls the app as one user and refuses every response that the OpenAPI document does not allow."""

    def __init__(self, context: AppContext, contract: Contract) -> None:
        self.context = context
        _, self.token = context.tokens.create(USER)
        self.contract = contract
        super().__init__(create_api_app(context), headers={"X-Auth-Token": self.token})

    def simulate_request(self, method: str = "GET", path: str = "/", **more: Any) -> testing.Result:
        result = super().simulate_request(method, path, **more)
        self.contract.check(method, path.partition("?")[0], result.status_code, result.headers, result.content)
        return result

    def run(self, action: str = "core.noop", **body: Any) -> str:
        """Request an execution and return its id."""
        result = self.simulate_post("/v1/executions", json={"action": action, **body})
        assert result.status_code == 201, result.text
        return str(result.json["id"])

    def end(self, identifier: str, result: Any = None, status: str = "succeeded") -> None:
        """Finish an execution from outside, as a callback of a workflow engine does."""
        answer = self.simulate_put(f"/v1/executions/{identifier}", json={"status": status, "result": result})
        assert answer.status_code == 200, answer.text

    def fetch(self, identifier: str, **params: Any) -> dict[str, Any]:
        """Read an execution."""
        result = self.simulate_get(f"/v1/executions/{identifier}", params=params)
        assert result.status_code == 200, result.text
        view: dict[str, Any] = result.json
        return view

    def change(self, identifier: str, **attributes: Any) -> None:
        """Write attributes of an execution that only other services write."""
        execution = self.context.executions.get(identifier)
        for name, value in attributes.items():
            setattr(execution, name, value)
        self.context.store.replace(execution)


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract(document("api"))


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file in which the packs that come with the product are registered."""
    path = tmp_path_factory.mktemp("database") / "st2.db"
    store = open_store(f"sqlite://{path}")
    store.ensure_schema()
    Registrar(store, PackLocations(None, [])).register()
    store.close()
    return path


@contextmanager
def open_client(database: Path, directory: Path, contract: Contract) -> Iterator[ApiClient]:
    """A client of an app of its own, which keeps everything below `directory`."""
    shutil.copy(database, directory / "st2.db")
    key = directory / "datastore_key.json"
    generate_key_file(key)
    # A hash that costs nothing: tests log in hundreds of times.
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    (directory / "htpasswd").write_text(f"{USER}:{{SHA}}{digest}\n")
    config = Config(
        database=Database(host=f"sqlite://{directory / 'st2.db'}"),
        messaging=Messaging(url="memory://"),
        system=System(base_path=str(directory)),
        content=Content(index_url=[]),
        auth=Auth(backend_kwargs={"file_path": str(directory / "htpasswd")}),
        keyvalue=KeyValue(encryption_key_path=str(key)),
    )
    context = AppContext(config)
    context.connect()
    try:
        yield ApiClient(context, contract)
    finally:
        context.close()


@pytest.fixture
def packs_dir(tmp_path: Path) -> Path:
    """The directory of packs of the app that `client` calls."""
    directory = tmp_path / "packs"
    directory.mkdir()
    return directory


@pytest.fixture
def client(database: Path, tmp_path: Path, contract: Contract) -> Iterator[ApiClient]:
    with open_client(database, tmp_path, contract) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_client(database: Path, tmp_path_factory: pytest.TempPathFactory, contract: Contract) -> Iterator[ApiClient]:
    """One app for a whole module, for tests that do not mind what others left behind."""
    with open_client(database, tmp_path_factory.mktemp("shared"), contract) as opened:
        yield opened

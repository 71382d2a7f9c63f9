"""The actions of the pack `packs`, run by the product itself in one process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from st2lite.content.installation.installer import Installer
from st2lite.models import statuses
from st2lite.models.execution import Execution
from st2lite.services.standalone import Standalone, standalone_config
from tests.git_repository import pack_repository, write_pack
from tests.processes import wait_for


class Product:
    """Standalone with its data in `directory`; its index knows the pack `weather`."""

    def __init__(self, directory: Path) -> None:
        self.data = directory / "data"
        self.repository = pack_repository(directory / "sources" / "weather", "1.0.0", "2.0.0")
        entry = {"name": "weather", "description": "Rain.", "version": "2.0.0", "repo_url": self.repository.url}
        (directory / "index.json").write_text(json.dumps({"packs": {"weather": entry}}))
        (directory / "st2.conf").write_text(f"[content]\nindex_url = file://{directory}/index.json\n")
        config = standalone_config(self.data, "127.0.0.1", 0, [], directory / "st2.conf")
        self.service = Standalone(config, self.data)
        self.context = self.service.context

    def run(self, action: str, **parameters: Any) -> Execution:
        """Run an action of the pack to its end."""
        execution = self.context.executions.request(f"packs.{action}", parameters, "st2admin")
        wait_for(lambda: self.get(execution.id).status in statuses.COMPLETED, 60)
        return self.get(execution.id)

    def get(self, identifier: str) -> Execution:
        return self.context.executions.get(identifier)

    @staticmethod
    def shown(execution: Execution) -> Any:
        """The result of an execution, as the API shows it."""
        return msgspec.json.decode(execution.result)

    def result(self, action: str, status: str = statuses.SUCCEEDED, **parameters: Any) -> Any:
        """What an action returned."""
        execution = self.run(action, **parameters)
        assert execution.status == status, execution.result
        return self.shown(execution)["output" if action == "install" else "result"]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    made = Product(tmp_path_factory.mktemp("product"))
    made.service.start()
    yield made
    made.service.stop()


@pytest.fixture
def weather(product: Product) -> Iterator[Path]:
    """The directory of the pack `weather` 1.0.0: installed, without virtualenv, and registered."""
    Installer(product.context.pack_host, None, lambda line: None).install(
        [f"{product.repository.url}=1.0.0"], virtualenvs=False
    )
    product.context.registrar.register(packs=["weather"])
    yield product.data / "packs" / "weather"
    product.result("uninstall", packs=["weather"])


def test_installing_and_removing(product: Product) -> None:
    execution = product.run("install", packs=["weather"])
    assert execution.status == statuses.SUCCEEDED, execution.result
    assert product.shown(execution)["output"] == {
        "packs_list": ["weather"], "message": "Successfully installed packs", "conflict_list": [], "warning_list": [],
    }  # fmt: skip
    chunks = "".join(chunk.data for chunk in product.context.executions.output(execution))
    assert "Cloning file://" in chunks
    assert 'Pack "weather" 2.0.0 is installed: ' in chunks
    assert (product.data / "virtualenvs" / "weather" / "bin" / "python").exists()
    told = product.context.executions.request("weather.tell", {}, "st2admin").id
    wait_for(lambda: product.get(told).status in statuses.COMPLETED, 60)
    assert product.shown(product.get(told))["result"] == "2.0.0"
    assert product.result("uninstall", packs=["weather"]) == {"packs": ["weather"]}
    assert not (product.data / "virtualenvs" / "weather").exists()
    assert "not installed" in product.result("uninstall", statuses.FAILED, packs=["weather"])


def test_an_installation_that_fails_has_an_output_too(product: Product, tmp_path: Path) -> None:
    broken = write_pack(tmp_path / "broken")
    (broken / "actions" / "tell.yaml").write_text("name: [\n")
    output = product.result("install", statuses.FAILED, packs=[f"file://{broken}"])
    assert output["packs_list"] == []
    assert "tell.yaml" in output["message"]
    assert "line 2" in output["message"]
    assert not (product.data / "packs" / "broken").exists()


def test_conflicts_fail_the_execution(product: Product, weather: Path, tmp_path: Path) -> None:
    needy = write_pack(tmp_path / "needy", dependencies='["weather=2.0.0"]')
    output = product.result("install", statuses.FAILED, packs=[f"file://{needy}"])
    assert output["conflict_list"] == ['weather: 2.0.0 wanted by "needy", 1.0.0 is installed']
    assert "different versions" in output["message"]
    found = product.result("install", packs=[f"file://{needy}"], skip_dependencies=True)
    assert found["packs_list"] == ["needy"]
    assert product.result("get_pack_dependencies", packs=["needy"]) == {
        "dependency_list": [], "conflict_list": ["weather=2.0.0"],
    }  # fmt: skip
    product.result("uninstall", packs=["needy"])


def test_step_by_step(product: Product) -> None:
    assert product.result("download", packs=["weather=1.0.0"]) == {"weather": "Success."}
    assert product.result("virtualenv_prerun", packs_status={"a": "Success.", "b": "Failed."}) == ["a"]
    assert "weather" in product.result("setup_virtualenv", packs=["weather"])
    assert product.result("load", packs=["weather"])["actions"] == 1
    assert product.result("load", packs=["weather"], register="action")["actions"] == 1
    assert product.result("unload", packs=["weather"])["actions"] == 1
    assert (product.data / "packs" / "weather").exists()
    assert product.result("delete", packs=["weather"], delete_env=False) == {"packs": ["weather"]}
    assert (product.data / "virtualenvs" / "weather").exists()
    assert product.result("delete", packs=["weather"]) == {"packs": ["weather"]}
    assert not (product.data / "virtualenvs" / "weather").exists()


def test_asking(product: Product, weather: Path) -> None:
    found = product.result("get", pack="weather")
    assert (found["pack"]["version"], found["versions"]) == ("1.0.0", ["1.0.0", "2.0.0"])
    assert found["git_status"].startswith("## HEAD")
    assert product.result("get", pack="nothing") == {"pack": None, "git_status": None, "versions": None}
    assert [entry["name"] for entry in product.result("search", query="RAIN")] == ["weather"]
    assert product.result("show", pack="weather")["pack"]["version"] == "2.0.0"
    assert product.result("show", pack="nothing") == {"pack": None}
    assert product.result("get_pack_warnings", packs=["weather"]) == {"warning_list": []}
    assert "nothing" in product.result("get_pack_warnings", statuses.FAILED, packs=["nothing"])


def test_configuration(product: Product, weather: Path) -> None:
    config = product.data / "configs" / "weather.yaml"
    config.write_text("station:\n  city: Bern\n")
    product.context.registrar.register(packs=["weather"])
    assert product.result("get_config", pack="weather") == {"station": {"city": "Bern"}}
    assert product.result("get_config", pack="weather", key_path="station.city") == "Bern"
    assert 'no key "station.x"' in product.result("get_config", statuses.FAILED, pack="weather", key_path="station.x")
    config.unlink()


def test_a_service_that_nobody_manages_is_not_restarted(product: Product) -> None:
    if Path("/run/systemd/system").is_dir():
        pytest.skip("this host runs under systemd")
    assert "not run under systemd" in product.result("restart_component", statuses.FAILED, servicename="st2api")

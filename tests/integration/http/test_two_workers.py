"""Two processes of the API: what a client writes through one, it reads through the other the next moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from st2lite.models.sensor import SensorType
from st2lite.services.context import AppContext
from st2lite.storage import cached
from tests.integration.http import test_aliases, test_policies, test_rules, test_triggers
from tests.integration.http.conftest import ApiClient
from tests.openapi_contract import Contract

ACTION = {"name": "probe", "pack": "default", "runner_type": "noop", "description": "Before."}
KINDS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("actions", ACTION, {"description": "After."}, "default.probe"),
    ("rules", test_rules.NEW, {"description": "After."}, "greetings.alarm"),
    ("triggertypes", test_triggers.NEW, {"description": "After."}, f"greetings.{test_triggers.NEW['name']}"),
    ("policies", test_policies.LIMIT, {"enabled": False}, "examples.few"),
    ("actionalias", test_aliases.ALIAS, {"description": "After."}, "default.shell"),
    ("apikeys", {"metadata": {"for": "before"}}, {"metadata": {"for": "after"}}, ""),
]


@pytest.fixture
def other(client: ApiClient, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiClient]:
    """The app in another process, so to speak: nobody tells it of anything, and what it remembers it remembers long."""
    monkeypatch.setattr(cached, "SECONDS", 3600.0)
    context = AppContext(client.context.config)
    context.connect()
    yield ApiClient(context, contract)
    context.close()


@pytest.mark.parametrize(("kind", "body", "change", "ref"), KINDS, ids=[row[0] for row in KINDS])
def test_own_writes_are_read(
    client: ApiClient, other: ApiClient, kind: str, body: dict[str, Any], change: dict[str, Any], ref: str
) -> None:
    made = client.simulate_post(f"/v1/{kind}", json=body)
    assert made.status_code == 201, made.text
    names = [made.json["id"], *([ref] if ref else [])]
    paths = [f"/v1/{kind}/{name}" for name in names]
    for path in paths:
        assert other.simulate_get(path).status_code == 200

    shown = other.simulate_get(paths[-1]).json
    changed = client.simulate_put(paths[-1], json={**shown, **change})
    assert changed.status_code == 200, changed.text
    wanted = {name: changed.json[name] for name in change}
    for path in paths:
        assert {name: other.simulate_get(path).json[name] for name in change} == wanted
    rows = other.simulate_get(f"/v1/{kind}").json
    assert [{name: row[name] for name in change} for row in rows if row["id"] == names[0]] == [wanted]

    back = other.simulate_put(paths[-1], json={**shown})
    assert back.status_code == 200, back.text  # not held against a revision that is gone
    assert client.simulate_get(paths[-1]).json == other.simulate_get(paths[0]).json
    assert client.simulate_delete(paths[-1]).status_code == 204
    for path in paths:
        assert other.simulate_get(path).status_code == 404
        assert other.simulate_delete(path).status_code == 404


def test_what_is_only_enabled_and_disabled(client: ApiClient, other: ApiClient) -> None:
    sensor = SensorType(
        name="Ear", pack="examples", class_name="Ear", artifact_uri="file:///ear.py", entry_point="ear.py"
    )
    client.context.store.insert(sensor)
    for path in ("/v1/sensortypes/examples.Ear", "/v1/runnertypes/noop"):
        shown = other.simulate_get(path).json
        assert shown["enabled"]
        assert client.simulate_put(path, json={**shown, "enabled": False}).status_code == 200
        assert other.simulate_get(path).json == {**shown, "enabled": False}

"""Chains over HTTP, run by the service that runs actions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from st2lite.models.action import Action
from st2lite.services.actionrunner import ActionRunner
from tests.integration.http.conftest import ApiClient
from tests.processes import PATIENCE

CHAIN = """
vars: {greeting: "Grüß {{ who }}"}
chain:
  - {name: ask, ref: core.ask, on-success: say}
  - {name: say, ref: core.noop, publish: {said: "{{ greeting }}, {{ ask.response.continue }}"}}
"""


@pytest.fixture
def chains(client: ApiClient) -> Iterator[ApiClient]:
    """A client, and the action `mine.greet`, which is a chain."""
    actions = Path(client.context.config.system.base_path) / "packs" / "mine" / "actions"
    actions.mkdir(parents=True)
    (actions / "greet.yaml").write_text(CHAIN, encoding="utf-8")
    client.context.store.insert(
        Action(
            name="greet", pack="mine", runner_type="action-chain", entry_point="greet.yaml",
            parameters={"who": {"type": "string"}},
        )
    )  # fmt: skip
    service = ActionRunner(client.context)
    service.start()
    yield client
    service.stop()


def wait(read: Callable[[], Any]) -> Any:
    """Poll until something is there."""
    deadline = time.monotonic() + PATIENCE
    while not (found := read()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def wait_for(client: ApiClient, identifier: str, status: str) -> dict[str, Any]:
    found: dict[str, Any] = wait(lambda: (view := client.fetch(identifier))["status"] == status and view)
    return found


def answer(client: ApiClient, chain: str) -> None:
    question = wait_for(client, chain, "paused")["children"][-1]
    done = client.simulate_put(f"/v1/inquiries/{question}", json={"id": question, "response": {"continue": True}})
    assert done.status_code == 200, done.text


def test_a_chain_from_its_request_to_its_end(chains: ApiClient) -> None:
    identifier = chains.run("mine.greet", parameters={"who": "Göte"})
    answer(chains, identifier)
    chain = wait_for(chains, identifier, "succeeded")
    assert chain["liveaction"]["action_is_workflow"] is True
    assert chain["result"]["published"] == {"said": "Grüß Göte, True"}
    assert [task["execution_id"] for task in chain["result"]["tasks"]] == chain["children"]
    assert chain["elapsed_seconds"] > 0
    children = chains.simulate_get(f"/v1/executions/{identifier}/children").json
    assert [(child["parent"], child["context"]["chain"]["name"]) for child in children] == [
        (identifier, "ask"),
        (identifier, "say"),
    ]


def test_running_a_chain_again_from_a_task(chains: ApiClient) -> None:
    first = chains.run("mine.greet", parameters={"who": "Göte"})
    answer(chains, first)
    wait_for(chains, first, "succeeded")
    made = chains.simulate_post(f"/v1/executions/{first}/re_run", json={"tasks": ["say"], "reset": ["say"]})
    assert made.status_code == 201
    assert made.json["context"]["re-run"] == {"ref": first, "tasks": ["say"], "reset": ["say"]}
    chain = wait_for(chains, made.json["id"], "succeeded")
    assert [task["name"] for task in chain["result"]["tasks"]] == ["ask", "say"]
    assert len(chain["children"]) == 1

    refused = chains.simulate_post(f"/v1/executions/{first}/re_run", json={"tasks": ["sing"]})
    assert refused.status_code == 400
    assert refused.json["faultstring"] == 'tasks: "sing" is not a task of "mine.greet"; it has ask, say.'

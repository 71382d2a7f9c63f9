"""/rbac and /workflows/inspect, as a server without roles and orquesta answers."""

from __future__ import annotations

from tests.integration.http.conftest import ApiClient


def test_roles(client: ApiClient) -> None:
    roles = client.simulate_get("/v1/rbac/roles").json
    assert [role["name"] for role in roles] == ["admin", "observer", "system_admin"]
    assert all(role["system"] and role["permission_grants"] == [] for role in roles)
    assert client.simulate_get("/v1/rbac/roles", query_string="system=True").json == roles
    assert client.simulate_get("/v1/rbac/roles", query_string="system=False").json == []
    names = client.simulate_get("/v1/rbac/roles", query_string="include_attributes=name").json
    assert [set(row) for row in names] == [{"id", "name"}] * 3
    for key in ("observer", roles[1]["id"]):
        assert client.simulate_get(f"/v1/rbac/roles/{key}").json == roles[1]
    missing = client.simulate_get("/v1/rbac/roles/gardener")
    assert (missing.status_code, "gardener" in missing.text) == (404, True)


def test_nobody_has_a_role(client: ApiClient) -> None:
    rows = client.simulate_get("/v1/rbac/role_assignments", query_string="user=bob")
    assert (rows.json, rows.headers["X-Total-Count"]) == ([], "0")
    assert client.simulate_get(f"/v1/rbac/role_assignments/{'0' * 24}").status_code == 404


def test_permissions(client: ApiClient) -> None:
    types = client.simulate_get("/v1/rbac/permission_types").json
    assert {"action_execute", "action_view", "action_all"} < types["action"].keys()
    assert {"pack_install", "action_execute"} < types["pack"].keys()  # what is in a pack is granted on it, too
    assert "action_list" not in types["pack"]
    assert all(text.endswith(".") and "{" not in text for texts in types.values() for text in texts.values())
    assert client.simulate_get("/v1/rbac/permission_types/rule").json == types["rule"]
    missing = client.simulate_get("/v1/rbac/permission_types/garden")
    assert (missing.status_code, "garden" in missing.text) == (404, True)


def test_workflows_are_not_inspected_yet(client: ApiClient) -> None:
    answer = client.simulate_post("/v1/workflows/inspect", body="version: 1.0", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, "orquesta" in answer.text) == (400, True)

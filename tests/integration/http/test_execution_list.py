"""GET /executions: filters, order, pages and attributes as clients of StackStorm expect them."""

from __future__ import annotations

from typing import Any

import pytest
from falcon.testing import create_environ

from st2lite.http import executions
from st2lite.models.document import Document
from st2lite.models.execution import Execution
from tests.integration.http.conftest import USER, ApiClient


def ids(client: ApiClient, query: str) -> list[str]:
    result = client.simulate_get("/v1/executions", query_string=query)
    assert result.status_code == 200, result.text
    return [row["id"] for row in result.json]


def fault(client: ApiClient, query: str) -> str:
    result = client.simulate_get("/v1/executions", query_string=query)
    assert result.status_code == 400
    return str(result.json["faultstring"])


def test_newest_first_by_default(client: ApiClient) -> None:
    made = [client.run() for _ in range(3)]
    assert ids(client, "") == made[::-1]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/executions",
        "/executions",
        "/v1/executions/",
        "/v1//executions",
        "//v1/executions/",
        "/v1/actionexecutions",
        "/actionexecutions/",
    ],
)
def test_versions_aliases_and_spare_slashes(client: ApiClient, path: str) -> None:
    made = client.run()
    result = client.simulate_get(path, query_string="limit=1")
    assert [row["id"] for row in result.json] == [made]


def test_parent_null_lists_top_level_rows_only(client: ApiClient) -> None:
    parent = client.run()
    child = client.run(context={"parent": {"execution_id": parent}})
    for text in ("null", "NULL", "Null"):
        assert ids(client, f"parent={text}") == [parent]
    assert ids(client, f"parent={parent}") == [child]


def test_headers_tell_total_and_limit(client: ApiClient) -> None:
    for _ in range(3):
        client.run()
    page = client.simulate_get("/v1/executions", query_string="limit=2&offset=2")
    assert (len(page.json), page.headers["X-Total-Count"], page.headers["X-Limit"]) == (1, "3", "2")
    default = client.simulate_get("/v1/executions")
    assert default.headers["X-Limit"] == "100"


def test_limit_minus_one_returns_everything_without_x_limit(client: ApiClient) -> None:
    for _ in range(3):
        client.run()
    result = client.simulate_get("/v1/executions", query_string="limit=-1")
    assert len(result.json) == 3
    assert "X-Limit" not in result.headers
    assert result.headers["X-Total-Count"] == "3"


def test_limit_may_exceed_the_page_size_because_every_user_is_an_administrator(client: ApiClient) -> None:
    result = client.simulate_get("/v1/executions", query_string="limit=5000")
    assert (result.status_code, result.headers["X-Limit"]) == (200, "5000")


@pytest.mark.parametrize("query", ["limit=0", "limit=-2", "limit=ten", "offset=-1", "offset=2147483648"])
def test_bad_pages_name_the_parameter(client: ApiClient, query: str) -> None:
    assert query.partition("=")[0] in fault(client, query).lower()


def test_offset_beyond_the_end_still_tells_the_total(client: ApiClient) -> None:
    client.run()
    result = client.simulate_get("/v1/executions", query_string="offset=10")
    assert (result.json, result.headers["X-Total-Count"]) == ([], "1")


def test_filters_compare_what_the_names_say(client: ApiClient) -> None:
    one = client.run("core.local", parameters={"cmd": "true"}, user="alice")
    two = client.run()
    client.end(two)
    trigger = "65f0aa0000000000000000d1"
    client.change(
        one,
        rule={"id": trigger, "name": "nightly"},
        trigger={"name": "core.timer.1"},
        trigger_type={"name": "core.st2.IntervalTimer"},
        trigger_instance={"id": trigger},
    )
    view = client.fetch(one)
    for query in (
        "action=core.local",
        "runner=local-shell-cmd",
        "user=alice",
        "status=requested",
        "rule=nightly",
        "trigger=core.timer.1",
        "trigger_type=core.st2.IntervalTimer",
        f"trigger_instance={trigger}",
        f"liveaction={view['liveaction']['id']}",
        f"timestamp={view['start_timestamp']}",
        f"id={one}",
    ):
        assert ids(client, query) == [one], query
    assert ids(client, "rule=null") == [two]
    assert ids(client, f"id={one},{two}") == [two, one]
    assert ids(client, "status=succeeded&action=core.noop") == [two]
    assert ids(client, "status=succeeded&action=core.local") == []


def test_undeclared_parameters_are_ignored(client: ApiClient) -> None:
    made = client.run()
    assert ids(client, "colour=blue&action_ref=x") == [made]


def test_chronology(client: ApiClient) -> None:
    made = [client.run() for _ in range(3)]
    middle = client.fetch(made[1])["start_timestamp"]
    assert ids(client, "sort_asc=True") == made
    assert ids(client, "sort_desc=True") == made[::-1]
    assert ids(client, f"timestamp_gt={middle}") == [made[2]]
    assert ids(client, f"timestamp_lt={middle}") == [made[0]]
    first = client.fetch(made[0])["start_timestamp"]
    assert ids(client, f"timestamp_gt={first}") == made[1:]
    assert ids(client, f"timestamp_gt={first}&sort_desc=True") == made[:0:-1]
    assert ids(client, "sort=start_timestamp") == made
    assert ids(client, "sort=-timestamp") == made[::-1]
    assert ids(client, "sort=no_such_key") == made[::-1]


@pytest.mark.parametrize("text", ["yesterday", "2026-01-31", "2026-13-01T00:00:00Z", "2026-01-31T12:00:00"])
def test_bad_timestamps_are_refused(client: ApiClient, text: str) -> None:
    assert "timestamp_gt" in fault(client, f"timestamp_gt={text}")


def test_free_text_filter_is_a_list_of_pairs(client: ApiClient) -> None:
    one = client.run("core.local", parameters={"cmd": "true"})
    client.run()
    assert ids(client, "filter=action.ref:core.local%20status:requested") == [one]
    assert ids(client, f"filter=action.ref:core.local%20context.user:{USER}") == [one]
    assert ids(client, "filter=action.ref:core.local%20status:failed") == []


@pytest.mark.parametrize("text", ["no.such.path:1", "status", "status:", "hello world"])
def test_free_text_filter_with_an_unknown_path_is_refused(client: ApiClient, text: str) -> None:
    assert "action.ref" in fault(client, f"filter={text}")


def test_included_attributes_keep_the_id_and_the_nesting(client: ApiClient) -> None:
    made = client.run("core.local", parameters={"cmd": "true"})
    query = "include_attributes=action.ref,context.user,status,start_timestamp,end_timestamp"
    (row,) = client.simulate_get("/v1/executions", query_string=query).json
    assert row == {
        "id": made,
        "action": {"ref": "core.local"},
        "context": {"user": USER},
        "status": "requested",
        "start_timestamp": row["start_timestamp"],
    }


@pytest.mark.parametrize("path", ["/v1/executions", "/v1/executions/{parent}/children"])
def test_large_results_are_sent_while_they_are_read(
    client: ApiClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of them would take its size in memory twice, and the process may have no such memory."""
    parent = client.run()
    for number in range(5):
        client.end(client.run(context={"parent": {"execution_id": parent}}), {"text": str(number) * 1000})
    path = path.format(parent=parent)
    whole = client.simulate_get(path, query_string="limit=10")
    assert len({row["result"]["text"] for row in whole.json if "result" in row}) == 5

    monkeypatch.setattr(executions, "MOST_AT_ONCE", 4000)
    parts = client.simulate_get(path, query_string="limit=10")
    assert parts.json == whole.json
    headers = {name: value for name, value in whole.headers.items() if name not in ("content-length", "x-request-id")}
    assert headers.items() <= parts.headers.items()

    answer = create_environ(path.removeprefix("/v1"), query_string="limit=10", headers={"X-Auth-Token": client.token})
    pieces = [len(piece) for piece in client.app(answer, lambda *_: None)]
    assert max(pieces) < 3 * 1000
    assert sum(pieces) == len(whole.content)
    assert client.simulate_get(path, query_string="exclude_attributes=result").json == [
        {name: value for name, value in row.items() if name != "result"} for row in whole.json
    ]


def test_a_page_is_one_query(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        client.end(client.run(), {"number": number})
    asked = []
    find = client.context.store.find

    def listen(kind: type[Document], *arguments: Any, **named: Any) -> list[Document]:
        asked.append(kind)
        return find(kind, *arguments, **named)

    monkeypatch.setattr(client.context.store, "find", listen)
    rows = client.simulate_get("/v1/executions", query_string="limit=3&exclude_attributes=trigger_instance").json
    assert [row["result"] for row in rows] == [{"number": number} for number in (2, 1, 0)]
    # its results come with it; the other one is for the children
    assert asked.count(Execution) == 2


def test_children_can_be_included(client: ApiClient) -> None:
    parent = client.run()
    child = client.run(context={"parent": {"execution_id": parent}})
    result = client.simulate_get("/v1/executions", query_string="include_attributes=id,children&parent=null")
    assert result.json == [{"id": parent, "children": [child]}]


def test_excluded_attributes_are_left_out(client: ApiClient) -> None:
    made = client.run()
    client.end(made, {"answer": 42})
    (row,) = client.simulate_get("/v1/executions", query_string="exclude_attributes=result,trigger_instance").json
    assert "result" not in row
    assert row["result_size"] > 0
    assert client.fetch(made)["result"] == {"answer": 42}


def test_include_and_exclude_cannot_be_combined(client: ApiClient) -> None:
    assert "together" in fault(client, "include_attributes=id&exclude_attributes=result")


def test_only_three_attributes_may_be_excluded(client: ApiClient) -> None:
    assert '"parameters" cannot be excluded' in fault(client, "exclude_attributes=parameters")


def test_lists_mask_secrets_unless_asked_not_to(client: ApiClient) -> None:
    client.run("core.local_sudo", parameters={"cmd": "true", "sudo_password": "hush"})
    for query in ("", "include_attributes=parameters"):
        (row,) = client.simulate_get("/v1/executions", query_string=query).json
        assert row["parameters"]["sudo_password"] == "********"
    (row,) = client.simulate_get("/v1/executions", query_string="show_secrets=true").json
    assert row["parameters"]["sudo_password"] == "hush"


def test_filter_values(client: ApiClient) -> None:
    client.run()
    client.end(client.run("core.local", parameters={"cmd": "true"}))
    values = client.simulate_get("/v1/executions/views/filters").json
    assert values == {
        "action": ["core.local", "core.noop"],
        "status": ["requested", "succeeded"],
        "rule": [None],
        "runner": ["local-shell-cmd", "noop"],
        "trigger": [None],
        "trigger_type": [None],
        "user": [USER],
    }
    some = client.simulate_get("/v1/executions/views/filters", query_string="types=action,user").json
    assert sorted(some) == ["action", "user"]

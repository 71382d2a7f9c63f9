"""Which trace a requested execution belongs to, and what finding that out costs."""

from __future__ import annotations

from typing import Any

import pytest

from st2lite.executions.requests import Cause, Requests
from st2lite.executions.snapshots import Snapshots
from st2lite.models.action import Action, RunnerType
from st2lite.models.errors import InvalidInput
from st2lite.models.execution import Execution
from st2lite.models.ids import new_id
from st2lite.models.trigger import TriggerInstance
from st2lite.storage.contract import Equal


class CountedReads:
    """A store that writes down which kinds of documents were read."""

    def __init__(self, store: Any) -> None:
        self.read: list[str] = []
        self.insert = store.insert
        self._store = store

    def get(self, kind: Any, identifier: str) -> Any:
        self.read.append(kind.__name__)
        return self._store.get(kind, identifier)

    def find(self, kind: Any, *args: Any, **more: Any) -> Any:
        self.read.append(kind.__name__)
        return self._store.find(kind, *args, **more)


@pytest.fixture
def counted(store):
    store.insert(RunnerType(id=new_id(), name="noop", runner_module="noop_runner"))
    store.insert(Action(id=new_id(), name="noop", pack="core", runner_type="noop"))
    return CountedReads(store)


@pytest.fixture
def request_noop(counted, bus):
    requests = Requests(counted, bus, Snapshots(counted), None, lambda pack, user: {})
    return lambda context=None, **more: requests.request("core.noop", {}, "me", context, **more)


def test_a_bare_one_begins_a_trace_without_asking_the_store(request_noop, counted):
    execution = request_noop()
    assert counted.read == ["Action", "RunnerType"]
    assert "trace_context" not in execution.context
    assert execution.trace == {"id_": execution.id, "trace_tag": f"execution-{execution.liveaction_id}"}


def test_a_tag_begins_a_trace(request_noop, counted):
    execution = request_noop({"trace_context": {"trace_tag": "deploy ☃"}})
    assert counted.read == ["Action", "RunnerType"]
    assert execution.trace == {"id_": execution.id, "trace_tag": "deploy ☃"}


def test_an_id_joins_the_trace_of_an_execution_or_an_event(request_noop, store):
    first = request_noop({"trace_context": {"trace_tag": "t1"}})
    assert request_noop({"trace_context": {"id_": first.id}}).trace == first.trace
    event = TriggerInstance(id=new_id(), trigger="a.b", trigger_type="a.b", occurrence_time="2026")
    store.insert(event)
    assert request_noop({"trace_context": {"id_": event.id}}).trace == {
        "id_": event.id,
        "trace_tag": f"trigger_instance-{event.id}",
    }


def test_what_has_joined_a_trace_is_none(request_noop):
    first = request_noop()
    second = request_noop({"trace_context": {"id_": first.id}})
    for unknown in (second.id, new_id(), "no id"):
        with pytest.raises(InvalidInput, match="there is no trace with id"):
            request_noop({"trace_context": {"id_": unknown}})


@pytest.mark.parametrize("context", [{"id_": 5}, {"trace_tag": ["t"]}, "t1"])
def test_a_trace_context_of_another_shape_is_refused(request_noop, context):
    with pytest.raises(InvalidInput, match="trace_context"):
        request_noop({"trace_context": context})


def test_children_join_the_trace_of_their_parent(request_noop, counted):
    parent = request_noop()
    child = request_noop({"parent": {"execution_id": parent.id}})
    grandchild = request_noop({"parent": {"execution_id": child.id}})
    assert child.trace == grandchild.trace == parent.trace
    counted.read.clear()
    request_noop({"parent": {"execution_id": parent.id}}, trace=parent.trace)
    assert counted.read == ["Action", "RunnerType"], "whoever has the parent need not look it up again"
    orphan = request_noop({"parent": {"execution_id": new_id()}})
    assert orphan.trace["id_"] == orphan.id


def test_what_the_suite_itself_requests_is_taken_at_its_word(request_noop, counted):
    trace = {"id_": new_id(), "trace_tag": "storm"}
    for more in ({"cause": Cause(rule={"id": "1", "name": "a.b"})}, {"identifier": new_id()}):
        counted.read.clear()
        assert request_noop({"trace_context": trace}, **more).trace == trace
        assert counted.read == ["Action", "RunnerType"]


def test_members_are_found_by_the_trace_and_beginnings_by_having_joined_none(request_noop, store):
    bare, tagged = request_noop(), request_noop({"trace_context": {"trace_tag": "t1"}})
    member = request_noop({"trace_context": {"id_": bare.id}})
    assert [e.id for e in store.find(Execution, [Equal("trace", bare.id)])] == [member.id]
    assert {e.id for e in store.find(Execution, [Equal("trace", None)])} == {bare.id, tagged.id}

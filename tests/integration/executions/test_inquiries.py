"""Answering inquiries at the same time as others do, on a real SQLite store."""

import json

import msgspec
import pytest

from st2lite.executions.inquiries import InquiryService
from st2lite.models.errors import InvalidInput
from st2lite.models.execution import Execution
from tests.integration.executions.conftest import result_of


@pytest.fixture
def inquiry(make, store):
    execution = make(status="pending", result=msgspec.Raw(json.dumps({"schema": {}}).encode()))
    execution.runner_name = "inquirer"
    store.replace(execution)
    return execution


@pytest.fixture
def first(store, monkeypatch):
    """Have something done just before the next write."""

    def before(action):
        replace = store.replace

        def late(document):
            monkeypatch.setattr(store, "replace", replace)
            action()
            replace(document)

        monkeypatch.setattr(store, "replace", late)

    return before


def test_of_two_answers_the_first_counts_and_the_second_is_told(store, bus, inquiry, first):
    service = InquiryService(store, bus)
    first(lambda: service.respond(inquiry.id, {"answer": 1}, "ada"))
    with pytest.raises(InvalidInput, match="already been responded to"):
        service.respond(inquiry.id, {"answer": 2}, "bob")
    assert result_of(store.get(Execution, inquiry.id))["response"] == {"answer": 1}


def test_an_answer_survives_another_change_of_the_execution(store, bus, inquiry, first):
    def change():
        fresh = store.get(Execution, inquiry.id)
        fresh.context = {**fresh.context, "changed": True}
        store.replace(fresh)

    first(change)
    InquiryService(store, bus).respond(inquiry.id, {"answer": 1}, "ada")
    answered = store.get(Execution, inquiry.id)
    assert (answered.status, answered.context["changed"]) == ("succeeded", True)

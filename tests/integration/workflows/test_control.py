"""Canceling, pausing and resuming chains, and questions within them."""

import threading

import pytest

from st2lite.executions.protocol import Outcome
from st2lite.messaging.messages import ChildChanged
from st2lite.models.errors import InvalidInput, StoreUnavailable
from st2lite.models.execution import Execution
from st2lite.workflows.runner import ChainRunner
from tests.integration.workflows.chain_host import result_of, states, task
from tests.processes import PATIENCE


class Gate:
    """An action that says that it runs, and ends when it is let go."""

    def __init__(self):
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, _run):
        self.entered.set()
        assert self.open.wait(PATIENCE)
        return Outcome("succeeded", {})


@pytest.fixture
def gate(host):
    gate = Gate()
    host.register("gate")
    host.scripted.acts["gate"] = gate
    host.chain("gated", [task("a", "test.gate", on_success="b"), task("b")])
    host.chain("outer", [task("o", "test.gated", on_success="p"), task("p")])
    yield gate
    gate.open.set()


def cancel(host, execution):
    return host.executions.cancel(host.executions.get(execution.id), "ann")


def pause(host, execution):
    return host.executions.pause(host.executions.get(execution.id), "ann")


def resume(host, execution):
    return host.executions.resume(host.executions.get(execution.id), "ann")


def test_a_canceled_chain_ends_with_the_task_that_runs(host, gate):
    chain = host.request("gated")
    assert gate.entered.wait(PATIENCE)
    assert cancel(host, chain).status == "canceling"
    gate.open.set()
    chain = host.wait(chain)
    assert chain.status == "canceled"
    assert states(chain) == {"a": "succeeded"}
    assert result_of(chain)["message"] == "Action canceled by user."
    assert result_of(chain)["user"] == "ann"
    assert host.scripted.ran == ["a"]


def test_canceling_reaches_chains_within(host, gate):
    chain = host.request("outer")
    assert gate.entered.wait(PATIENCE)
    cancel(host, chain)
    inner = host.wait_for_child(chain, "o", "canceling")
    gate.open.set()
    chain, inner = host.wait(chain), host.wait(inner)
    assert (chain.status, inner.status) == ("canceled", "canceled")
    assert states(chain) == {"o": "canceled"}
    assert inner.context["cancelled_by"] == "ann"
    assert host.scripted.ran == ["a"]


def test_a_task_that_waits_for_a_worker_is_canceled_with_its_chain(make_host):
    host = make_host(slots=1)
    gate = Gate()
    host.register("gate")
    host.scripted.acts["gate"] = gate
    host.chain("one", [task("a", "test.gate", on_success="b"), task("b")])
    chain = host.request("one")
    assert gate.entered.wait(PATIENCE)
    gate.entered.clear()
    gate.open, opened = threading.Event(), gate.open
    blocker = host.request("gate")  # takes the only slot as soon as it is free
    opened.set()
    assert gate.entered.wait(PATIENCE)
    waiting = host.wait_for_child(chain, "b", "requested")
    cancel(host, chain)
    assert host.wait(waiting).status == host.wait(chain).status == "canceled"
    gate.open.set()
    assert host.wait(blocker).status == "succeeded"
    assert host.scripted.ran == ["a", "gate"]


def test_a_canceled_task_cancels_its_chain(host):
    host.scripted.acts["echo"] = lambda _run: Outcome("canceled", {})
    host.chain("two", [task("a", on_success="b", on_failure="b"), task("b")])
    assert host.run("two").status == "canceled"
    assert host.scripted.ran == ["a"]


def test_a_chain_pauses_between_two_tasks(host, gate):
    chain = host.request("gated")
    assert gate.entered.wait(PATIENCE)
    assert pause(host, chain).status == "pausing"
    gate.open.set()
    chain = host.wait(chain, "paused")
    assert states(chain) == {"a": "succeeded"}
    assert result_of(chain)["next"] == "b"
    assert host.scripted.ran == ["a"]
    assert resume(host, chain).status == "resuming"
    chain = host.wait(chain)
    assert chain.status == "succeeded"
    assert "next" not in result_of(chain)
    assert list(states(chain)) == ["a", "b"]
    assert chain.context["paused_by"] == chain.context["resumed_by"] == "ann"
    log = [entry.status for entry in chain.log][2:]
    assert log == ["running", "pausing", "paused", "resuming", "running", "succeeded"]


def test_a_chain_that_pauses_goes_on_before_it_has_paused(host, gate):
    chain = host.request("gated")
    assert gate.entered.wait(PATIENCE)
    pause(host, chain)
    with pytest.raises(InvalidInput):
        resume(host, chain)
    gate.open.set()
    assert resume(host, host.wait(chain, "paused")).status == "resuming"
    assert host.wait(chain).status == "succeeded"


def test_a_chain_that_is_paused_before_its_next_task_is_requested_waits_for_that(host, gate, before_request):
    host.chain("three", [task("a", on_success="b"), task("b", "test.gate", on_success="c"), task("c")])

    def pause_and_look(parent):
        pause(host, parent)
        host.progress.look(parent.id)

    before_request("test.gate", pause_and_look)
    chain = host.request("three")
    assert gate.entered.wait(PATIENCE)
    host.wait_for_child(chain, "b", "running")
    assert host.executions.get(chain.id).status == "pausing"
    gate.open.set()
    chain = host.wait(chain, "paused")
    assert states(chain) == {"a": "succeeded", "b": "succeeded"}
    resume(host, chain)
    assert list(states(host.wait(chain))) == ["a", "b", "c"]
    assert host.scripted.ran == ["a", "b", "c"]


def test_a_chain_that_is_paused_while_it_begins_pauses_before_its_first_task(host, monkeypatch):
    host.chain("one", [task("a")])
    begin, claimed = ChainRunner.run, []

    def pause_first(runner, run):
        if not claimed:  # where it cannot be foreseen how a chain begins, it is claimed first
            claimed.append(run)
            raise StoreUnavailable("gone")
        monkeypatch.setattr(ChainRunner, "run", begin)
        pause(host, host.executions.get(run.execution_id))
        return begin(runner, run)

    monkeypatch.setattr(ChainRunner, "run", pause_first)
    chain = host.run("one", None, "paused")
    assert (states(chain), host.children(chain)) == ({}, [])
    host.wait_until(lambda: result_of(host.executions.get(chain.id)).get("next") == "a")
    resume(host, chain)
    assert states(host.wait(chain)) == {"a": "succeeded"}


def test_nothing_is_left_to_pause_after_the_last_task(host, gate):
    host.chain("last", [task("a", "test.gate")])
    chain = host.request("last")
    assert gate.entered.wait(PATIENCE)
    pause(host, chain)
    gate.open.set()
    assert host.wait(chain).status == "succeeded"


def test_pausing_and_resuming_reach_chains_within(host, gate):
    chain = host.request("outer")
    assert gate.entered.wait(PATIENCE)
    pause(host, chain)
    inner = host.wait_for_child(chain, "o", "pausing")
    gate.open.set()
    host.wait(inner, "paused")
    host.wait(chain, "paused")
    resume(host, chain)
    assert host.wait(chain).status == "succeeded"
    assert host.scripted.ran == ["a", "b", "p"]


def test_a_chain_within_that_somebody_paused_leaves_those_around_it_paused(host, gate):
    chain = host.request("outer")
    assert gate.entered.wait(PATIENCE)
    inner = host.wait_for_child(chain, "o", "running")
    pause(host, inner)
    gate.open.set()
    host.wait(inner, "paused")
    host.wait(chain, "paused")
    resume(host, inner)
    assert host.wait(inner).status == "succeeded"
    host.wait_until(lambda: states(host.executions.get(chain.id)) == {"o": "succeeded"})
    assert host.executions.get(chain.id).status == "paused"
    resume(host, chain)
    assert host.wait(chain).status == "succeeded"
    assert host.scripted.ran == ["a", "b", "p"]


def test_canceling_what_is_paused_reaches_chains_within(host, gate):
    chain = host.request("outer")
    assert gate.entered.wait(PATIENCE)
    pause(host, chain)
    inner = host.wait_for_child(chain, "o", "pausing")
    gate.open.set()
    host.wait(inner, "paused")
    host.wait(chain, "paused")
    assert cancel(host, chain).status == "canceled"
    assert host.wait(inner).status == "canceled"


@pytest.fixture
def ask(host):
    host.register("ask", "inquirer")
    host.chain("asking", [task("q", "test.ask", on_success="b", on_failure="c"), task("b"), task("c")])
    host.chain("asked", [task("o", "test.asking", on_success="p"), task("p")])
    return host


def test_a_question_pauses_all_chains_around_it_and_its_answer_resumes_them(ask):
    chain = ask.run("asked", None, "paused")
    inner = ask.wait_for_child(chain, "o", "paused")
    question = ask.wait_for_child(inner, "q", "pending")
    ask.inquiries.respond(question.id, {"continue": True}, "bob")
    chain = ask.wait(chain)
    assert chain.status == "succeeded"
    assert ask.scripted.ran == ["b", "p"]
    answer = result_of(chain)["tasks"][0]["result"]["tasks"][0]["result"]["response"]
    assert answer == {"continue": True}


def test_an_answer_that_comes_while_the_chain_around_is_about_to_pause_is_not_missed(ask, gate, monkeypatch):
    ask.chain("within", [task("q", "test.ask", on_success="g"), task("g", "test.gate")])
    ask.chain("around", [task("o", "test.within")])
    replace, publish = ask.store.replace, ask.bus.publish

    def answer_first(document):
        if isinstance(document, Execution) and (document.action_ref, document.status) == ("test.around", "paused"):
            monkeypatch.setattr(ask.store, "replace", replace)
            within = ask.wait_for_child(document, "o", "paused")
            # Who hears that it goes on now finds a chain that is not paused, and nothing to do.
            monkeypatch.setattr(ask.bus, "publish", lambda message: _is_about(message, within) or publish(message))
            ask.inquiries.respond(ask.wait_for_child(within, "q", "pending").id, {"continue": True}, "bob")
            assert gate.entered.wait(PATIENCE)
            monkeypatch.setattr(ask.bus, "publish", publish)
        replace(document)

    monkeypatch.setattr(ask.store, "replace", answer_first)
    chain = ask.request("around")
    ask.wait_until(lambda: "paused" in [entry.status for entry in ask.executions.get(chain.id).log])
    ask.wait(chain, "running")
    gate.open.set()
    assert ask.wait(chain).status == "succeeded"


def _is_about(message, execution):
    return isinstance(message, ChildChanged) and message.execution.id == execution.id


def test_the_result_of_a_paused_chain_shows_the_question_that_it_waits_for(ask):
    chain = ask.run("asking", None, "paused")
    question = ask.wait_for_child(chain, "q", "pending")
    entry = result_of(chain)["tasks"][0]
    assert (entry["name"], entry["state"], entry["execution_id"]) == ("q", "pending", question.id)
    assert entry["result"] == result_of(question)
    assert "next" not in result_of(chain)
    ask.inquiries.respond(question.id, {"continue": True}, "bob")
    chain = ask.wait(chain)
    assert states(chain) == {"q": "succeeded", "b": "succeeded"}
    assert len(result_of(chain)["tasks"]) == 2


def test_the_result_of_a_paused_chain_shows_the_chain_within_that_is_paused(ask):
    chain = ask.run("asked", None, "paused")
    assert states(chain) == {"o": "paused"}
    assert result_of(chain)["tasks"][0]["result"]["tasks"][0]["state"] == "pending"


def test_a_large_question_is_shown_without_what_it_says(ask, monkeypatch):
    monkeypatch.setattr("st2lite.workflows.state.SHOWN_LIMIT", 10)
    entry = result_of(ask.run("asking", None, "paused"))["tasks"][0]
    assert (entry["state"], entry["result"]) == ("pending", {})


def test_what_a_canceled_chain_waited_for_is_not_among_its_tasks(ask, gate):
    asking = ask.run("asking", None, "paused")
    cancel(ask, asking)
    result = result_of(ask.wait(asking))
    assert (result["tasks"], result["message"]) == ([], "Action canceled by user.")
    gated = ask.request("gated")
    assert gate.entered.wait(PATIENCE)
    pause(ask, gated)
    gate.open.set()
    ask.wait(gated, "paused")
    cancel(ask, gated)
    gated = ask.wait(gated)
    assert (states(gated), result_of(gated).get("next")) == ({"a": "succeeded"}, None)


def test_going_on_without_an_answer_pauses_again(ask):
    chain = ask.run("asking", None, "paused")
    resume(ask, chain)
    ask.wait_until(lambda: len(ask.executions.get(chain.id).log) >= len(chain.log) + 3)
    chain = ask.wait(chain, "paused")
    question = ask.wait_for_child(chain, "q", "pending")
    ask.inquiries.respond(question.id, {"continue": True}, "bob")
    assert ask.wait(chain).status == "succeeded"


def test_an_answer_to_a_chain_that_somebody_paused_waits(ask, bus):
    chain = ask.run("asking", None, "paused")
    question = ask.wait_for_child(chain, "q", "pending")
    document = ask.executions.get(chain.id)
    document.workflow = {**document.workflow, "waits": False}  # as if paused by a user before the question came
    ask.store.replace(document)
    ask.inquiries.respond(question.id, {"continue": True}, "bob")
    ask.wait_until(lambda: states(ask.executions.get(chain.id)) == {"q": "succeeded"})
    chain = ask.executions.get(chain.id)
    assert (chain.status, result_of(chain)["next"]) == ("paused", "b")
    resume(ask, chain)
    assert ask.wait(chain).status == "succeeded"


def test_a_question_that_nobody_answers_fails(ask):
    chain = ask.run("asking", None, "paused")
    question = ask.wait_for_child(chain, "q", "pending")
    ask.inquiries._end(question, "timeout", {})
    chain = ask.wait(chain)
    assert (chain.status, states(chain)) == ("succeeded", {"q": "timeout", "c": "succeeded"})


def test_a_question_goes_with_its_chain(ask):
    chain = ask.run("asked", None, "paused")
    inner = ask.wait_for_child(chain, "o", "paused")
    question = ask.wait_for_child(inner, "q", "pending")
    cancel(ask, chain)
    assert ask.wait(question).status == "canceled"
    assert ask.wait(inner).status == "canceled"
    assert ask.scripted.ran == []


def test_the_scheduler_leaves_chains_that_are_being_canceled_to_the_engine(host, gate):
    chain = host.request("gated")
    assert gate.entered.wait(PATIENCE)
    cancel(host, chain)
    assert host.backup.remind_cancellations() == 1
    assert host.executions.get(chain.id).status == "canceling"
    gate.open.set()
    assert host.wait(chain).status == "canceled"


def test_a_chain_ended_by_a_client_takes_its_child_along(host, gate):
    chain = host.request("outer")
    assert gate.entered.wait(PATIENCE)
    inner = host.wait_for_child(chain, "o", "running")
    host.executions.update(host.executions.get(chain.id), "failed", None, "ann")
    gate.open.set()
    assert host.wait(inner).status == "canceled"
    assert host.store.get(Execution, chain.id).status == "failed"

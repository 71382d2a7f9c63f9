"""Messages that are lost, come twice, or come at the same time; and what finds the chains that stand still."""

import contextlib
import threading

import pytest

from st2lite.messaging.messages import ChildChanged, ExecutionControl
from st2lite.models.errors import StoreUnavailable
from st2lite.models.execution import Execution
from tests.integration.workflows.chain_host import result_of, states, task
from tests.integration.workflows.test_control import Gate, cancel, pause, resume
from tests.processes import PATIENCE


def test_a_chain_whose_message_was_lost_is_woken(host, monkeypatch):
    host.chain("two", [task("a", on_success="b"), task("b")])
    monkeypatch.setattr(host.worker._outcomes, "_tell_engine", lambda _task: False)
    publish, lost = host.bus.publish, threading.Event()
    monkeypatch.setattr(
        host.bus, "publish", lambda message: lost.set() if isinstance(message, ChildChanged) else publish(message)
    )
    chain = host.request("two")
    assert lost.wait(PATIENCE)
    monkeypatch.setattr(host.bus, "publish", publish)
    assert host.recovery.wake() == 0  # it might just be between two tasks
    assert host.executions.get(chain.id).status == "running"
    assert host.recovery.wake() == 1
    assert host.wait(chain).status == "succeeded"
    assert host.scripted.ran == ["a", "b"]


def test_chains_that_wait_for_their_child_are_left_alone(host):
    gate = Gate()
    host.register("gate")
    host.scripted.acts["gate"] = gate
    host.chain("gated", [task("a", "test.gate")])
    chain = host.request("gated")
    assert gate.entered.wait(PATIENCE)
    assert [host.recovery.wake(at_once=True) for _ in range(2)] == [0, 0]
    gate.open.set()
    assert host.wait(chain).status == "succeeded"


def test_a_child_that_was_never_requested_is_requested(host, monkeypatch):
    host.chain("one", [task("a")])
    begin = host.progress.begin
    monkeypatch.setattr(host.progress, "begin", lambda _execution: None)
    chain = host.request("one")
    host.wait(chain, "running")
    host.wait_until(lambda: host.executions.get(chain.id).workflow)
    monkeypatch.setattr(host.progress, "begin", begin)
    assert host.recovery.wake(at_once=True) == 1
    assert host.wait(chain).status == "succeeded"
    assert host.scripted.ran == ["a"]


def test_a_chain_that_is_canceled_before_its_child_is_requested(host, monkeypatch):
    monkeypatch.setattr("st2lite.workflows.progress.CANCEL_PATIENCE", 0)
    monkeypatch.setattr(host.progress, "begin", lambda _execution: None)
    host.chain("one", [task("a")])
    chain = host.request("one")
    host.wait_until(lambda: host.executions.get(chain.id).workflow)
    host.executions.cancel(host.executions.get(chain.id), "ann")
    assert host.wait(chain).status == "canceled"
    assert host.scripted.ran == []


def test_messages_that_come_often_and_all_at_once(host, monkeypatch):
    host.chain("three", [task("a", on_success="b"), task("b", on_success="c"), task("c")])
    storming, looked, look = threading.Event(), threading.Semaphore(0), host.progress.look

    def counted(*arguments):
        look(*arguments)
        looked.release()

    monkeypatch.setattr(host.progress, "look", counted)

    def storm():
        while not storming.wait(0.002):
            executions = host.store.find(Execution)
            messages = [ChildChanged(execution) for execution in executions if execution.parent]
            messages += [ExecutionControl(execution.id, "continue") for execution in executions]
            for message in messages:
                host.bus.publish(message)
            unseen = len(messages)  # else a slow machine would find ever more of them before those that count
            while unseen and not storming.is_set():
                unseen -= looked.acquire(timeout=0.1)

    threads = [threading.Thread(target=storm) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        chains = [host.request("three") for _ in range(5)]
        ended = [host.wait(chain) for chain in chains]
    finally:
        storming.set()
        for thread in threads:
            thread.join()
    assert [states(chain) for chain in ended] == [{"a": "succeeded", "b": "succeeded", "c": "succeeded"}] * 5
    assert sorted(host.scripted.ran) == ["a"] * 5 + ["b"] * 5 + ["c"] * 5
    assert all(len(host.children(chain)) == 3 for chain in ended)


def test_an_engine_that_fails_unforeseen_ends_the_chain(host, monkeypatch):
    host.chain("two", [task("a", on_success="b"), task("b")])

    def broken(*_arguments):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("st2lite.workflows.progress.make_entry", broken)
    chain = host.run("two")
    assert chain.status == "failed"
    assert "unforeseen" in result_of(chain)["error"]
    assert "RuntimeError" in result_of(chain)["traceback"]


def test_a_child_that_claims_to_belong_to_a_chain_changes_nothing(host):
    gate = Gate()
    host.register("gate")
    host.scripted.acts["gate"] = gate
    host.chain("gated", [task("a", "test.gate")])
    chain = host.request("gated")
    assert gate.entered.wait(PATIENCE)
    context = {"parent": {"execution_id": chain.id}, "chain": {"name": "a"}}
    assert host.run("echo", context=context).status == "succeeded"
    assert host.executions.get(chain.id).status == "running"
    gate.open.set()
    chain = host.wait(chain)
    assert states(chain) == {"a": "succeeded"}


@pytest.fixture
def outer(host):
    """A chain within a chain whose first task runs, and the gate that lets that end."""
    gate = Gate()
    host.register("gate")
    host.scripted.acts["gate"] = gate
    host.chain("gated", [task("a", "test.gate", on_success="b"), task("b")])
    host.chain("outer", [task("o", "test.gated", on_success="p"), task("p")])
    chain = host.request("outer")
    assert gate.entered.wait(PATIENCE)
    yield chain, gate
    gate.open.set()


@pytest.fixture
def without_commands(host, monkeypatch):
    """The broker loses all commands within this context."""

    @contextlib.contextmanager
    def losing():
        publish = host.bus.publish
        monkeypatch.setattr(
            host.bus, "publish", lambda message: None if isinstance(message, ExecutionControl) else publish(message)
        )
        yield
        monkeypatch.setattr(host.bus, "publish", publish)

    return losing


def test_a_chain_within_pauses_though_the_command_was_lost(host, outer, without_commands):
    chain, gate = outer
    with without_commands():
        pause(host, chain)
    assert [host.recovery.wake(), host.recovery.wake()] == [0, 1]
    inner = host.wait_for_child(chain, "o", "pausing")
    gate.open.set()
    assert host.wait(chain, "paused").status == host.wait(inner, "paused").status


def test_a_chain_within_that_begins_while_the_one_around_it_pauses_does_so_too(host, without_commands, before_request):
    host.chain("inner", [task("a")])
    host.chain("outer", [task("o", "test.inner", on_success="p"), task("p")])
    with without_commands():
        before_request("test.inner", lambda parent: pause(host, parent))
        chain = host.run("outer", None, "paused")
    inner = host.wait_for_child(chain, "o", "paused")
    assert inner.context["paused_by"] == "ann"
    assert host.children(inner) == []
    resume(host, chain)
    assert host.wait(chain).status == "succeeded"
    assert host.scripted.ran == ["a", "p"]


def test_a_chain_within_is_canceled_though_the_command_was_lost(host, outer, without_commands):
    chain, gate = outer
    pause(host, chain)
    inner = host.wait_for_child(chain, "o", "pausing")
    gate.open.set()
    host.wait(inner, "paused")
    host.wait(chain, "paused")
    with without_commands():
        assert cancel(host, chain).status == "canceled"
    host.recovery.wake()  # a message of the pause that came late may have had the same effect already
    assert host.wait(inner).status == "canceled"
    assert host.recovery.wake() == 0


def test_what_only_claims_to_belong_to_an_ended_chain_stays_paused(host, outer):
    _, gate = outer
    host.chain("one", [task("a")])
    ended = host.run("one")
    stray = host.request("gated", context={"parent": {"execution_id": ended.id}})
    host.wait_for_child(stray, "a", "running")
    pause(host, stray)
    gate.open.set()
    host.wait(stray, "paused")
    assert host.recovery.wake() == 0


def test_a_chain_that_is_resumed_while_the_store_is_away_goes_on(host, outer, monkeypatch):
    chain, gate = outer
    pause(host, chain)
    inner = host.wait_for_child(chain, "o", "pausing")
    gate.open.set()
    host.wait(inner, "paused")
    host.wait(chain, "paused")
    monkeypatch.setattr("st2lite.workflows.engine.RETRY_INTERVAL", 0.001)
    carry_out, failures = host.executions.resume, iter(range(2))

    def unsteady(execution, user):
        if execution.parent and next(failures, None) is not None:
            raise StoreUnavailable("away")
        return carry_out(execution, user)

    monkeypatch.setattr(host.executions, "resume", unsteady)
    resume(host, chain)
    assert host.wait(chain).status == "succeeded"
    assert next(failures, None) is None

"""Messages that are lost, come twice, or come at the same time; and what finds the chains that stand still."""

import threading

from st2lite.messaging.messages import ChildChanged, ExecutionControl
from st2lite.models.execution import Execution
from tests.integration.workflows.chain_host import result_of, states, task
from tests.integration.workflows.test_control import Gate


def test_a_chain_whose_message_was_lost_is_woken(host, monkeypatch):
    host.chain("two", [task("a", on_success="b"), task("b")])
    publish, lost = host.bus.publish, threading.Event()
    monkeypatch.setattr(
        host.bus, "publish", lambda message: lost.set() if isinstance(message, ChildChanged) else publish(message)
    )
    chain = host.request("two")
    assert lost.wait(20)
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
    assert gate.entered.wait(20)
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


def test_messages_that_come_often_and_all_at_once(host):
    host.chain("three", [task("a", on_success="b"), task("b", on_success="c"), task("c")])
    storming = threading.Event()

    def storm():
        while not storming.is_set():
            for execution in host.store.find(Execution):
                if execution.parent:
                    host.bus.publish(ChildChanged(execution))
                host.bus.publish(ExecutionControl(execution.id, "continue"))
            storming.wait(0.002)

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
    assert gate.entered.wait(20)
    context = {"parent": {"execution_id": chain.id}, "chain": {"name": "a"}}
    assert host.run("echo", context=context).status == "succeeded"
    assert host.executions.get(chain.id).status == "running"
    gate.open.set()
    chain = host.wait(chain)
    assert states(chain) == {"a": "succeeded"}

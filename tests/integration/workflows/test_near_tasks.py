"""Tasks that begin and end in the process of their chain: no message about them is needed, and none is lost."""

import threading

import pytest

from st2lite.executions.protocol import Outcome
from st2lite.messaging.messages import ChildChanged, WorkRequested
from st2lite.models.errors import StoreUnavailable
from st2lite.models.execution import Execution
from tests.integration.workflows.chain_host import ChainHost, task
from tests.processes import PATIENCE

TWO = [task("a", on_success="b"), task("b")]


@pytest.fixture
def sent(host, monkeypatch):
    """The messages that the host sends to the queues of workers and engines, in order."""
    messages, publish = [], host.bus.publish

    def record(message):
        if isinstance(message, (WorkRequested, ChildChanged)):
            messages.append((type(message), message.execution.id))
        publish(message)

    monkeypatch.setattr(host.bus, "publish", record)
    return messages


def statuses_of(execution):
    return [entry.status for entry in execution.log]


def test_a_task_that_there_is_room_for_needs_no_message(host, sent):
    host.chain("two", TWO)
    chain = host.run("two")
    assert chain.status == "succeeded" and host.scripted.ran == ["a", "b"]
    assert sent == [(WorkRequested, chain.id)]
    for child in host.children(chain):
        assert statuses_of(child) == ["requested", "scheduled", "running", "succeeded"]
        assert child.runner_info["pid"] and child.rev == 2


def test_a_chain_costs_a_write_to_begin_and_one_per_task(host):
    host.chain("two", TWO)
    host.chain("outer", [task("o", "test.two")])
    outer = host.run("outer")
    [inner] = host.children(outer)
    # Requested, begun, and one task; begun as it was requested, and two tasks.
    assert (outer.rev, inner.rev) == (3, 3)
    for chain in (outer, inner):
        assert statuses_of(chain) == ["requested", "scheduled", "running", "succeeded"]
        assert chain.runner_info["pid"]


@pytest.mark.parametrize("write", ["insert", "replace"])
def test_a_chain_that_was_begun_although_the_store_did_not_say_so_goes_on(host, monkeypatch, write):
    host.chain("two", TWO)
    host.chain("outer", [task("o", "test.two")])
    write_well, failures = getattr(host.store, write), ["before", "after"]

    def write_badly(document):
        if (
            isinstance(document, Execution)
            and document.workflow
            and document.runner_name == "action-chain"
            and failures
        ):
            failure = failures.pop()
            if failure == "after":
                write_well(document)
            raise StoreUnavailable("gone")
        write_well(document)

    monkeypatch.setattr("st2lite.executions.claims.RETRY_INTERVAL", 0.01)
    monkeypatch.setattr(host.store, write, write_badly)
    assert host.run("outer").status == "succeeded"
    assert host.scripted.ran == ["a", "b"]
    assert not failures


def test_without_room_it_waits_for_whoever_has_some(host, sent):
    host.chain("two", TWO)
    leave, entered = threading.Semaphore(0), threading.Semaphore(0)

    def block(_run):
        entered.release()
        assert leave.acquire(timeout=PATIENCE)
        return Outcome("succeeded", {})

    host.scripted.acts["block"] = block
    host.register("block")
    for _ in range(4):
        host.request("block")
    for _ in range(4):
        assert entered.acquire(timeout=PATIENCE)
    chain, waiting = host.request("two"), host.request("block")
    host.wait_until(lambda: host.worker._holdings._jobs == 6)
    leave.release()  # the chain has this slot; for the next one that is free somebody waits
    assert host.wait(waiting, "running")
    [first] = [child for child in host.children(chain) if child.context["chain"]["name"] == "a"]
    assert (WorkRequested, first.id) in sent
    for _ in range(4):
        leave.release()
    assert host.wait(chain).status == "succeeded"


def test_a_single_slot_is_room_enough_for_the_next_task(make_host, bus, monkeypatch):
    host = make_host(slots=1)
    asked, publish = [], bus.publish
    monkeypatch.setattr(bus, "publish", lambda message: (asked.append(type(message)), publish(message)))
    host.chain("two", TWO)
    assert host.run("two").status == "succeeded"
    assert asked.count(WorkRequested) == 1


def test_a_policy_has_its_say_first(host, sent, monkeypatch):
    class Limits:
        def has_limits(self, execution):
            return execution.action_ref == "test.echo"

        def admit(self, execution, take):
            return take(execution)

    monkeypatch.setattr(host.worker._claims, "_admission", Limits())
    host.chain("two", TWO)
    chain = host.run("two")
    assert chain.status == "succeeded"
    assert [kind for kind, _ in sent] == [WorkRequested] * 3


def test_a_task_that_was_stored_although_the_store_did_not_say_so_runs_once(host, monkeypatch):
    insert, failures = host.store.insert, ["before", "after", "after"]

    def insert_badly(document):
        if isinstance(document, Execution) and document.parent and failures:
            failure = failures.pop()
            if failure == "after":
                insert(document)
            raise StoreUnavailable("gone")
        insert(document)

    host.chain("two", TWO)
    monkeypatch.setattr("st2lite.executions.claims.RETRY_INTERVAL", 0.01)
    monkeypatch.setattr(host.store, "insert", insert_badly)
    chain = host.run("two")
    assert chain.status == "succeeded" and host.scripted.ran == ["a", "b"]


def test_an_engine_that_stops_leaves_what_it_was_told_to_another(host, sent, monkeypatch, tmp_path):
    host.chain("two", TWO)
    looking, gate = threading.Event(), threading.Event()
    look, engine_thread = host.progress.look, "chain"

    def slow(*arguments):
        if not threading.current_thread().name.startswith(engine_thread):
            raise StoreUnavailable("gone")
        looking.set()
        assert gate.wait(PATIENCE)
        raise StoreUnavailable("gone")

    monkeypatch.setattr(host.progress, "look", slow)
    chain = host.request("two")
    assert looking.wait(PATIENCE)
    stopping = threading.Thread(target=host.stop)
    stopping.start()
    assert host.engine._stopping.wait(PATIENCE)
    gate.set()
    stopping.join()
    monkeypatch.setattr(host.progress, "look", look)
    [first] = host.children(chain)
    assert (ChildChanged, first.id) in sent
    assert not host.engine.child_ended(first)
    another = ChainHost(host.store, host.bus, tmp_path)
    another.start()
    assert another.wait(chain).status == "succeeded"
    another.stop()


def test_a_task_that_two_request_at_once_is_not_lost_with_the_message_of_the_other(host):
    """Its message comes while the worker, which was slower to store it, still holds it."""
    execution = host.request("echo", delay=3_600_000)
    other = host.executions.get(execution.id)
    other.status, other.due = "requested", None
    host.store.replace(other)

    def insert(_execution):
        host.bus.publish(WorkRequested(other))
        host.wait_until(lambda: other.id in host.worker._holdings._sent_again)
        return other

    claimed = host.store.get(Execution, execution.id)
    assert host.worker.begin(claimed, insert).status == "requested"
    assert host.wait(other).status == "succeeded"
    assert host.scripted.ran == ["echo"]

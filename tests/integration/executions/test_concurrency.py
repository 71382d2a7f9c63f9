"""Concurrency policies: who begins, who waits and who is canceled."""

import contextlib
import threading

import pytest

from st2lite.executions.admission import Admission
from st2lite.executions.endings import Endings
from st2lite.executions.events import dispatch
from st2lite.executions.protocol import Outcome
from st2lite.executions.snapshots import Snapshots
from st2lite.executions.waiting import WaitingLine
from st2lite.executions.worker import ExecutionWorker, WorkerOptions
from st2lite.messaging.contract import NOTIFIER
from st2lite.models.errors import LockUnavailable
from st2lite.models.execution import Execution
from st2lite.models.policy import CONCURRENCY, CONCURRENCY_ATTR, Policy
from st2lite.models.timestamps import from_epoch
from st2lite.policies.index import PolicyIndex
from st2lite.policies.local_locks import MemoryLocks
from tests.integration.executions.conftest import result_of
from tests.processes import PATIENCE


@pytest.fixture
def policies(store):
    return PolicyIndex(store)


@pytest.fixture
def limit(store, policies):
    """Limit how many executions of core.noop run at the same time."""

    def limit(threshold, kind=CONCURRENCY, name="few", **parameters):
        policy = Policy(
            name=name, resource_ref="core.noop", policy_type=kind, parameters={"threshold": threshold, **parameters}
        )
        store.insert(policy)
        policies.forget()
        return policy

    return limit


@pytest.fixture
def line(store, bus, policies):
    return WaitingLine(store, bus, policies, Snapshots(store).origin)


@pytest.fixture
def admission(store, bus, policies, line):
    return Admission(store, bus, policies, line, MemoryLocks())


class Gate:
    """What the action of the test does: it holds on until it is let go. Knows how many ran at the same time at most."""

    def __init__(self):
        self._lock = threading.Lock()
        self.open = threading.Event()
        self.now = self.most = 0
        self.by_host = {}

    def __call__(self, run):
        host = run.action_parameters.get("host")
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.by_host.setdefault(host, [0, 0])[0] += 1
            self.by_host[host][1] = max(self.by_host[host])
        self.open.wait(PATIENCE)
        with self._lock:
            self.now -= 1
            self.by_host[host][0] -= 1
        return Outcome("succeeded", None)


@pytest.fixture
def gate(runner):
    runner.act = Gate()
    yield runner.act
    runner.act.open.set()


@pytest.fixture
def start(store, bus, runner, admission, line):
    """Start workers, and what follows on the end of executions."""
    running = []

    def start(workers=1, admission=admission, slots=4):
        endings = Endings([line.ended])
        endings.start()
        running.append(lambda: endings.stop())
        running.append(bus.consume(NOTIFIER, endings.receive, prefetch=50).stop)
        for _ in range(workers):
            worker = ExecutionWorker(
                store, bus, Snapshots(store).origin, runner, runner, WorkerOptions(slots=slots), admission
            )
            worker.start()
            running.append(lambda worker=worker: worker.stop(patience=0))

    yield start
    for stop in reversed(running):
        stop()


@pytest.mark.parametrize("workers", [1, 3])
def test_never_more_than_the_threshold_and_all_of_them_run(store, bus, make, start, limit, gate, wait_for, workers):
    limit(3)
    start(workers, slots=8)
    gate.open.set()
    executions = [make() for _ in range(40)]
    for execution in executions:
        dispatch(bus, execution)
    for execution in executions:
        wait_for(execution, "succeeded")
    assert gate.most <= 3


def test_the_longest_waiting_goes_first(store, bus, make, start, limit, gate, wait_for, runner):
    limit(1)
    start()
    first, *others = [make(start_timestamp=from_epoch(1_700_000_000 + second)) for second in range(5)]
    dispatch(bus, first)
    wait_for(first, "running")
    for execution in reversed(others):
        dispatch(bus, execution)
        wait_for(execution, "delayed")
    gate.open.set()
    for execution in others:
        wait_for(execution, "succeeded")
    assert runner.runs == [first.id, *(execution.id for execution in others)]
    assert [entry.status for entry in store.get(Execution, others[0].id).log] == [
        "requested", "delayed", "scheduled", "running", "succeeded",
    ]  # fmt: skip


def test_a_new_one_does_not_overtake_those_that_wait(
    store, bus, make, start, limit, gate, wait_for, wait_until, runner
):
    limit(1)
    gate.open.set()
    waiting = make(status="delayed", start_timestamp=from_epoch(1_700_000_000))
    start()
    newcomer = make()
    dispatch(bus, newcomer)  # nothing but its coming tells that there is room
    wait_for(newcomer, "succeeded")
    assert runner.runs == [waiting.id, newcomer.id]


def test_beyond_the_threshold_an_execution_may_be_canceled(bus, make, start, limit, gate, wait_for):
    limit(1, action="cancel")
    start()
    first, second = make(), make()
    dispatch(bus, first)
    wait_for(first, "running")
    dispatch(bus, second)
    canceled = wait_for(second, "canceled")
    assert result_of(canceled)["message"] == ('Policy "default.few" lets no more than 1 executions of this action run.')
    assert result_of(canceled)["policy"] == "default.few"
    gate.open.set()
    wait_for(first, "succeeded")


def test_values_of_parameters_are_counted_apart(bus, make, start, limit, gate, wait_for):
    limit(1, CONCURRENCY_ATTR, attributes=["host"])
    start(slots=8)
    executions = [make(parameters={"host": f"h{number % 3}"}) for number in range(9)]
    for execution in executions[:3]:
        dispatch(bus, execution)
    for execution in executions[:3]:
        wait_for(execution, "running")
    for execution in executions[3:]:
        dispatch(bus, execution)
        wait_for(execution, "delayed")
    gate.open.set()
    for execution in executions:
        wait_for(execution, "succeeded")
    assert {host: most for host, (_, most) in gate.by_host.items()} == {"h0": 1, "h1": 1, "h2": 1}
    assert gate.most <= 3


def test_two_policies_both_hold(bus, make, start, limit, gate, wait_for):
    limit(2)
    limit(1, CONCURRENCY_ATTR, "per-host", attributes=["host"])
    gate.open.set()
    start(workers=2)
    executions = [make(parameters={"host": f"h{number % 4}"}) for number in range(20)]
    for execution in executions:
        dispatch(bus, execution)
    for execution in executions:
        wait_for(execution, "succeeded")
    assert gate.most <= 2
    assert all(most == 1 for _, most in gate.by_host.values())


def test_who_cannot_have_the_lock_waits_in_line(store, bus, make, start, limit, wait_for, line, policies):
    class Taken(MemoryLocks):
        def hold(self, name, patience):
            raise LockUnavailable("others have it")

    limit(1)
    execution = make()
    start(admission=Admission(store, bus, policies, line, Taken()))
    dispatch(bus, execution)
    wait_for(execution, "delayed")


def test_what_was_left_behind_is_found(store, bus, make, start, limit, gate, wait_for, line):
    gate.open.set()
    start()
    policy = limit(1)
    behind = [make(status="delayed") for _ in range(3)]
    assert line.move_all() == 1
    for execution in behind:
        wait_for(execution, "succeeded")
    assert line.move_all() == 0
    store.delete(Policy, policy.id)
    free = [make(status="delayed") for _ in range(3)]
    assert WaitingLine(store, bus, PolicyIndex(store), Snapshots(store).origin).move_all() == 3
    for execution in free:
        wait_for(execution, "succeeded")


def test_without_coordination_the_execution_fails_and_says_why(
    store, bus, make, start, limit, wait_for, line, policies
):
    limit(1)
    start(admission=Admission(store, bus, policies, line, None))
    execution = make()
    dispatch(bus, execution)
    failed = wait_for(execution, "failed")
    assert result_of(failed)["error"].startswith('Policy "default.few" limits concurrency')
    assert "url in section [coordination] of st2.conf" in result_of(failed)["error"]


def test_a_disabled_policy_limits_nothing(store, bus, make, start, limit, gate, wait_for, policies):
    policy = limit(1)
    policy.enabled = False
    store.replace(policy)
    policies.forget()
    start()
    executions = [make(), make()]
    for execution in executions:
        dispatch(bus, execution)
    for execution in executions:
        wait_for(execution, "running")


def test_a_lost_lock_never_lets_too_many_run(store, bus, make, start, limit, gate, wait_for, policies, runner):
    """Nobody is kept out by this lock, and all who hold it know that it may be lost."""

    class Lost:
        def hold(self, name, patience):
            return self

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def kept(self):
            return False

    limit(2)
    line = WaitingLine(store, bus, policies, Snapshots(store).origin)
    start(workers=3, admission=Admission(store, bus, policies, line, Lost()), slots=8)
    gate.open.set()
    executions = [make() for _ in range(30)]
    for execution in executions:
        dispatch(bus, execution)
    while any(store.get(Execution, execution.id).status != "succeeded" for execution in executions):
        line.move_all()
        wait_for(executions[0], "succeeded", "delayed", "running", "requested")
    assert gate.most <= 2
    assert sorted(runner.runs) == sorted(execution.id for execution in executions)


def test_an_action_without_policies_costs_no_round_trip(store, policies, limit):
    limit(1)
    reads = []
    find = store.find

    class Counting:
        def find(self, *arguments, **named):
            reads.append(arguments)
            return find(*arguments, **named)

    index = PolicyIndex(Counting(), clock=lambda: 0.0)
    assert not any(index.of(f"core.action{number}").limits for number in range(100))
    assert [limit.threshold for limit in index.of("core.noop").limits] == [1]
    assert len(reads) == 1


def test_no_room_is_left_unused(store, bus, make, start, limit, gate, wait_for, wait_until):
    """However many end at the same time, as many begin."""
    limit(4)
    start(workers=2, slots=8)
    executions = [make(start_timestamp=from_epoch(1_700_000_000 + second)) for second in range(12)]
    for execution in executions:
        dispatch(bus, execution)
    for _ in range(3):
        assert wait_until(lambda: gate.now == 4)
        gate.open.set()
        gate.open = threading.Event()
    gate.open.set()
    for execution in executions:
        wait_for(execution, "succeeded")
    assert gate.most == 4


def test_a_message_that_comes_while_it_is_refused_counts(store, bus, make, runner, wait_for, policies, line, limit):
    """Room is made, and the job sent again, in the moment in which the execution is told that there is none."""
    limit(1)
    holder, waiting = make(status="running"), make(status="delayed")

    class Between(MemoryLocks):
        entered = 0

        @contextlib.contextmanager
        def hold(self, name, patience):
            with super().hold(name, patience) as hold:
                Between.entered += 1
                yield hold
                if Between.entered == 1:  # refused by now, and held by the worker still
                    ended = store.get(Execution, holder.id)
                    ended.status = "succeeded"
                    store.replace(ended)
                    dispatch(bus, waiting)
                    assert handled.wait(PATIENCE)

    handled = threading.Event()
    worker = ExecutionWorker(
        store,
        bus,
        Snapshots(store).origin,
        runner,
        runner,
        WorkerOptions(slots=4),
        Admission(store, bus, policies, line, Between()),
    )
    process = worker._process

    def observed(execution, acknowledge):
        process(execution, acknowledge)
        handled.set()

    worker._process = observed
    worker.start()
    try:
        dispatch(bus, waiting)
        wait_for(waiting, "succeeded")
    finally:
        worker.stop(patience=0)

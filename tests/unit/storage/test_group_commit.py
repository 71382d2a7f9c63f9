"""Threads that come while a batch runs share the next one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from st2lite.models.errors import Conflict, StoreUnavailable
from st2lite.storage.group_commit import GroupCommit, Ticket
from tests.processes import PATIENCE

Operation = Callable[[str], Any]


class Recorder:
    """Runs batches; the first one waits until it is let go."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.running = threading.Event()
        self.go = threading.Event()

    def __call__(self, batch: Sequence[Ticket[Operation]]) -> None:
        self.sizes.append(len(batch))
        self.running.set()
        assert self.go.wait(PATIENCE)
        for ticket in batch:
            try:
                ticket.result = ticket.operation("context")
            except Conflict as error:
                ticket.error = error


def wait_for_queue(writes: GroupCommit[Operation], length: int) -> None:
    while len(writes._queue) < length:
        threading.Event().wait(0.001)


def test_a_lone_thread_runs_its_operation_itself() -> None:
    recorder = Recorder()
    recorder.go.set()
    writes: GroupCommit[Operation] = GroupCommit(recorder)
    assert [writes.run(lambda context: (context, threading.get_ident())) for _ in range(3)] == [
        ("context", threading.get_ident())
    ] * 3
    assert recorder.sizes == [1, 1, 1]


def test_threads_that_wait_share_one_batch_and_each_gets_its_own_outcome() -> None:
    recorder = Recorder()
    writes: GroupCommit[Operation] = GroupCommit(recorder)
    outcomes: dict[int, object] = {}

    def work(number: int) -> None:
        def operation(_: str) -> int:
            if number == 3:
                raise Conflict("taken")
            return number

        try:
            outcomes[number] = writes.run(operation)
        except Conflict as error:
            outcomes[number] = error.message

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    threads[0].start()
    assert recorder.running.wait(PATIENCE)
    for thread in threads[1:]:
        thread.start()
    wait_for_queue(writes, 5)
    recorder.go.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert recorder.sizes == [1, 5]
    assert outcomes == {0: 0, 1: 1, 2: 2, 3: "taken", 4: 4, 5: 5}


def test_a_failed_batch_fails_for_all_and_the_next_one_works() -> None:
    recorder = Recorder()
    broken = True

    def run_batch(batch: Sequence[Ticket[Operation]]) -> None:
        recorder(batch)
        if broken:
            raise StoreUnavailable("disk is full")

    writes: GroupCommit[Operation] = GroupCommit(run_batch)
    failures: list[str] = []

    def work() -> None:
        try:
            writes.run(lambda _: None)
        except StoreUnavailable as error:
            failures.append(error.message)

    threads = [threading.Thread(target=work) for _ in range(4)]
    threads[0].start()
    assert recorder.running.wait(PATIENCE)
    for thread in threads[1:]:
        thread.start()
    wait_for_queue(writes, 3)
    recorder.go.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert failures == ["disk is full"] * 4
    broken = False
    assert writes.run(lambda _: "written") == "written"


def test_an_interrupt_of_the_leader_is_not_raised_in_other_threads() -> None:
    recorder = Recorder()

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    writes: GroupCommit[Operation] = GroupCommit(recorder)
    outcomes: list[BaseException] = []

    def work(operation: object) -> None:
        try:
            writes.run(operation)  # type: ignore[arg-type]
        except BaseException as error:
            outcomes.append(error)

    first = threading.Thread(target=writes.run, args=(lambda _: None,))
    first.start()
    assert recorder.running.wait(PATIENCE)
    leader = threading.Thread(target=work, args=(interrupt,))
    leader.start()
    wait_for_queue(writes, 1)
    follower = threading.Thread(target=work, args=(lambda _: None,))
    follower.start()
    wait_for_queue(writes, 2)
    recorder.go.set()
    for thread in (first, leader, follower):
        thread.join(PATIENCE)
    assert sorted(type(error).__name__ for error in outcomes) == ["KeyboardInterrupt", "StoreUnavailable"]
    assert writes.run(lambda _: "alive") == "alive"


def test_an_interrupt_of_a_waiting_thread_does_not_stop_the_queue() -> None:
    recorder = Recorder()
    writes: GroupCommit[Operation] = GroupCommit(recorder)
    first = threading.Thread(target=writes.run, args=(lambda _: None,))
    first.start()
    assert recorder.running.wait(PATIENCE)
    ticket: Ticket[Operation] = Ticket(lambda _: None)

    class InterruptedGate:
        """Stands for a lock whose wait a signal handler ends with an exception."""

        def __init__(self, promoted: bool) -> None:
            self.promoted = promoted

        def acquire(self) -> bool:
            raise KeyboardInterrupt

        def locked(self) -> bool:
            return not self.promoted

    gate = InterruptedGate(promoted=False)
    ticket.gate = gate  # type: ignore[assignment]
    writes._queue.append(ticket)
    with pytest.raises(KeyboardInterrupt):
        writes._wait(ticket, gate)  # type: ignore[arg-type]
    assert not writes._queue
    recorder.go.set()
    first.join(PATIENCE)
    assert writes.run(lambda _: "alive") == "alive"

"""The driver's background threads sleep until something is due, and do what they are asked for at once."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pymongo.periodic_executor import PeriodicExecutor

from st2lite.storage.mongodb.quiet import _Listener, _quieten
from tests.processes import PATIENCE


class Task:
    """Counts its runs, and lets a test wait for each."""

    def __init__(self) -> None:
        self.runs = threading.Semaphore(0)
        self.goes_on = True

    def __call__(self) -> bool:
        self.runs.release()
        return self.goes_on


@pytest.fixture
def task():
    return Task()


@pytest.fixture
def executor(task):
    executor = PeriodicExecutor(interval=3600, min_interval=0.001, target=task, name="quiet")
    _quieten(executor)
    yield executor
    executor.close()
    executor.join(PATIENCE)


def test_a_task_runs_when_it_is_asked_for_and_not_before(executor, task):
    executor.open()
    assert task.runs.acquire(timeout=PATIENCE)
    executor.wake()
    assert task.runs.acquire(timeout=PATIENCE)
    assert not task.runs.acquire(blocking=False)


def test_a_task_runs_each_time_its_interval_is_over(executor, task):
    executor.update_interval(0.01)
    executor.open()
    assert all(task.runs.acquire(timeout=PATIENCE) for _ in range(3))


def test_closing_ends_the_thread_while_it_sleeps_and_opening_begins_anew(executor, task):
    executor.open()
    assert task.runs.acquire(timeout=PATIENCE)
    thread = next(thread for thread in threading.enumerate() if thread.name == "quiet")
    executor.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    executor.open()
    assert task.runs.acquire(timeout=PATIENCE)


def test_a_task_that_is_done_ends_the_thread(executor, task):
    task.goes_on = False
    executor.open()
    executor.join(PATIENCE)
    assert task.runs.acquire(timeout=PATIENCE)
    assert "quiet" not in {thread.name for thread in threading.enumerate()}


@pytest.fixture
def connection():
    """A connection's end, and the server's."""
    here, there = socket.socketpair()
    here.settimeout(PATIENCE)
    with here, there:
        yield here, there


def test_a_listener_reads_what_the_server_says(connection):
    here, there = connection
    buffer = bytearray(5)
    there.sendall(b"hello")
    assert _Listener(here).recv_into(memoryview(buffer)) == 5
    assert buffer == b"hello"


def test_a_listener_tells_that_the_server_went_away(connection):
    here, there = connection
    there.close()
    with pytest.raises(ConnectionResetError):
        _Listener(here).recv_into(memoryview(bytearray(1)))


def test_a_listener_that_waits_is_woken_by_whoever_wants_no_more(connection):
    here, _ = connection
    listener = _Listener(here)
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(listener.recv_into, memoryview(bytearray(1)))
        listener.hush()
        assert isinstance(reading.exception(PATIENCE), ConnectionResetError)
    here.close()
    listener.hush()  # once more does no harm

"""The driver's background threads sleep until something is due, and do what they are asked for at once."""

import threading

import pytest
from pymongo.periodic_executor import PeriodicExecutor

from st2lite.storage.mongodb.quiet import _quieten
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

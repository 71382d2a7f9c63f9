"""Memory that is free in the process goes back to the system."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from st2lite.services.memory import MOST_PASSES, SLACK, SpareMemory

# Keepers in between hold the heap where it is, as long-lived objects do.
_LEAVE_HOLES = """
from st2lite.services.memory import SLACK, SpareMemory, resident
spare = SpareMemory()
blocks = [(b"x" * 60_000, b"k" * 600)[kind] for _ in range(4_000) for kind in (0, 1)]
used = resident()
del blocks[::2]
spare.give_back()
print(used - resident() > 3 * SLACK)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not the C library of GNU")
def test_what_was_freed_goes_back() -> None:
    done = subprocess.run([sys.executable, "-c", _LEAVE_HOLES], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


class Process:
    """Has `used` bytes in use and `free` ones that it could give back."""

    def __init__(self) -> None:
        self.used, self.free, self.given = SLACK, 0, 0

    def resident(self) -> int:
        return self.used + self.free

    def give(self) -> None:
        self.given += 1
        self.free = 0


@pytest.fixture
def process() -> Process:
    return Process()


@pytest.fixture
def spare(process: Process) -> SpareMemory:
    return SpareMemory(process.resident, process.give)


def test_a_little_is_left_alone(process: Process, spare: SpareMemory) -> None:
    process.free = SLACK
    spare.give_back()
    assert process.given == 0


def test_each_time_that_there_is_much(process: Process, spare: SpareMemory) -> None:
    for _ in range(3):
        process.free = 5 * SLACK
        spare.give_back()
        spare.give_back()
    assert process.given == 3


def test_what_is_in_use_is_asked_for_less_and_less(process: Process, spare: SpareMemory) -> None:
    process.used = 10 * SLACK
    for _ in range(10 * MOST_PASSES):
        spare.give_back()
    assert 10 <= process.given <= 20
    process.free, process.used = process.used, SLACK
    for _ in range(MOST_PASSES + 1):
        spare.give_back()
    assert process.free == 0


def test_where_nobody_says_how_much_there_is(process: Process) -> None:
    spare = SpareMemory(lambda: 0, process.give)
    spare.give_back()
    assert process.given == 0

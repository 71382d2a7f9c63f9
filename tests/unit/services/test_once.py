"""Attributes that are made when they are first asked for, by however many threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from st2lite.services.context import AppContext
from st2lite.services.once import once
from tests.processes import PATIENCE


class Kitchen:
    def __init__(self) -> None:
        self.cooks = 0
        self.cooking, self.done = threading.Event(), threading.Event()

    @once
    def soup(self) -> object:
        """What everybody eats."""
        self.cooks += 1
        self.cooking.set()
        assert self.done.wait(PATIENCE)
        return object()

    @once
    def menu(self) -> list[object]:
        return [self.soup]


def test_whoever_asks_meanwhile_waits_for_the_same_one() -> None:
    kitchen = Kitchen()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lambda: kitchen.soup)
        assert kitchen.cooking.wait(PATIENCE)
        second = pool.submit(lambda: kitchen.menu)
        with pytest.raises(TimeoutError):
            second.result(timeout=0.1)
        kitchen.done.set()
        assert second.result(PATIENCE) == [first.result(PATIENCE)]
    assert kitchen.cooks == 1 and kitchen.soup is first.result()


def test_each_object_has_its_own() -> None:
    one, other = Kitchen(), Kitchen()
    one.done.set()
    other.done.set()
    assert one.soup is one.soup
    assert one.soup is not other.soup


def test_what_could_not_be_made_is_made_when_it_is_asked_for_again() -> None:
    class Flaky:
        fails = True

        @once
        def answer(self) -> int:
            if self.fails:
                raise OSError
            return 42

    flaky = Flaky()
    with pytest.raises(OSError):
        _ = flaky.answer
    flaky.fails = False
    assert flaky.answer == 42


def test_all_of_an_app_context_is_shared_like_this() -> None:
    assert isinstance(vars(AppContext)["store"], once)
    assert not [name for name, value in vars(AppContext).items() if type(value).__name__ == "cached_property"]

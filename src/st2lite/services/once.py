"""Attributes that are made when they are first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class once(Generic[T]):
    """Decorates a method: it is called once per object, by one thread; what it returns is an attribute from then on.

    `functools.cached_property` lets every thread that asks meanwhile make one of its own (Python 3.12 and later): two
    stores, of which each remembers what the other has written.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self.__doc__ = make.__doc__
        self._make = make
        self._name = make.__name__
        self._lock = threading.RLock()

    def __get__(self, instance: object, owner: type | None = None) -> T:
        known = instance.__dict__
        with self._lock:
            if self._name not in known:
                known[self._name] = self._make(instance)
            found: T = known[self._name]
        return found

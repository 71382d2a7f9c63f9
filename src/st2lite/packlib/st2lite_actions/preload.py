"""Spares children imports: what one action imports from the standard library, the host has ready for the next.

Only the standard library: it does not change while an interpreter runs. Code of packs, and what their virtualenvs hold,
is imported anew by each child, so that an edit or an upgrade is seen at once.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import sysconfig
import warnings

_MESSAGE = 4096
"""Most bytes that a pipe takes in one piece from several writers."""

_UNWANTED = frozenset({"__main__", "antigravity", "curses", "idlelib", "readline", "test", "this", "tkinter", "turtle"})
"""What does something visible when it is imported, or wants a terminal or a screen."""


class Preload:
    """The pipe on which children tell the host what they had to import; `fd` is readable when there is news."""

    def __init__(self) -> None:
        self.fd, self._writing = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._writing, False)
        self._library = (sysconfig.get_path("stdlib") + os.sep, sysconfig.get_path("platstdlib") + os.sep)
        self._known: set[str] = set()
        self._remember()

    def report(self) -> None:
        """Tell the host, from a child, which modules it would have liked to find."""
        names = sorted(name for name in sys.modules.keys() - self._known if self._is_standard(name))
        if names:
            message = "\n".join(names).encode()[: _MESSAGE - 1] + b"\n"
            with contextlib.suppress(BlockingIOError):
                os.write(self._writing, message)

    def learn(self) -> None:
        """Import, in the host, what children have reported."""
        try:
            names = os.read(self.fd, _MESSAGE).decode("ascii", "replace").split()
        except BlockingIOError:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in names:
                with contextlib.suppress(Exception):  # a name that was cut off, or a module that wants more than this
                    importlib.import_module(name)
        self._known.update(names)
        self._remember()

    def _remember(self) -> None:
        self._known.update(sys.modules)

    def _is_standard(self, name: str) -> bool:
        top = name.partition(".")[0]
        origin = getattr(getattr(sys.modules.get(name), "__spec__", None), "origin", None)
        if top in _UNWANTED or not isinstance(origin, str) or "site-packages" in origin:
            return False
        return origin in {"built-in", "frozen"} or origin.startswith(self._library)

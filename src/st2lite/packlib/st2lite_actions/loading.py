"""Importing the file of a pack."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from types import CodeType, ModuleType

_FRESH = 2.0


def load_module(path: str) -> ModuleType:
    """Import a file under its own name, unless that belongs to another module already."""
    name = os.path.splitext(os.path.basename(path))[0]
    if name in sys.modules or name in getattr(sys, "stdlib_module_names", ()):
        name = f"st2_pack_{name}"  # a file http.py must not take the place of the library http
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    code = _fresh_code(path)
    if code is None:
        spec.loader.exec_module(module)
    else:
        exec(code, module.__dict__)  # noqa: S102 - to run the file is the purpose
    return module


def _fresh_code(path: str) -> CodeType | None:
    """Compile a file that was just edited; None for one that may come from the cache.

    The cache tells two versions apart by size and second: a second edit within the same second would go unseen.
    """
    if abs(time.time() - os.stat(path).st_mtime) > _FRESH:
        return None
    with open(path, "rb") as source:
        return compile(source.read(), path, "exec", dont_inherit=True)

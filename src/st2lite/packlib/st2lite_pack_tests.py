"""Runs the unit tests of a pack, in the interpreter it is started with.

Started as `st2lite_pack_tests.py REQUEST`, a JSON object: `pack` and `tests` (directories), `pattern` (names of test
files), `first` and `last` (what to import from before and after the interpreter's own), `verbose`.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import unittest
from unittest import mock


def main(argument: str) -> int:
    """Run the tests; 0 if all passed, 1 if not, 5 if there were none."""
    request = json.loads(argument)
    sys.path[:] = dict.fromkeys([*request["first"], *sys.path, *request["last"]])
    for name, module in (("mock", mock), ("unittest2", unittest)):  # before they became part of Python
        if importlib.util.find_spec(name) is None:
            sys.modules[name] = module
    suite = unittest.TestLoader().discover(request["tests"], request["pattern"], request["tests"])
    if not suite.countTestCases():
        return 5
    result = unittest.TextTestRunner(verbosity=2 if request["verbose"] else 1).run(suite)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

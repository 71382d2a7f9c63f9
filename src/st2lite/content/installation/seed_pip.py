"""Puts the pip that a Python brings along into a virtualenv of it; run as a script by the virtualenv's interpreter.

Python's own way (`ensurepip`) has pip install itself, which costs three seconds of CPU. What it installs are wheels of
pure Python: unpacking them comes to the same. Ends with code 3 where this Python keeps no such wheels.
"""

from __future__ import annotations

import ensurepip
import sys
import sysconfig
import zipfile
from pathlib import Path

NO_WHEELS = 3

_PROGRAM = """\
#!/bin/sh
exec "{python}" -m pip "$@"
"""


def main() -> int:
    """Unpack the wheels and write the programs."""
    wheels = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("*.whl"))
    if not any(wheel.name.startswith("pip-") for wheel in wheels):
        return NO_WHEELS
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as content:
            content.extractall(sysconfig.get_path("purelib"))
    number = "{}.{}".format(*sys.version_info)
    for name in ("pip", "pip3", f"pip{number}"):
        program = Path(sysconfig.get_path("scripts"), name)
        program.write_text(_PROGRAM.format(python=sys.executable), encoding="utf-8")
        program.chmod(0o755)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A process that takes locks: `python -m tests.conformance.lock_client URL TIMEOUT (count FILE ROUNDS | hold)`.

`count` adds one to the number in a file, under a lock, so often; `hold` takes the lock, says so and keeps it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from st2lite.policies.open import open_locks

NAME = "action:examples.ä b/c"


def main() -> None:
    url, timeout, what, *more = sys.argv[1:]
    locks = open_locks(url, int(timeout))
    if what == "hold":
        with locks.hold(NAME, 30):
            print("held", flush=True)
            sys.stdin.read()
    else:
        add(Path(more[0]), int(more[1]), locks)
    locks.close()


def add(file: Path, rounds: int, locks: object) -> None:
    for _ in range(rounds):
        with locks.hold(NAME, 60):  # type: ignore[attr-defined]
            file.write_text(str(int(file.read_text()) + 1))


if __name__ == "__main__":
    main()

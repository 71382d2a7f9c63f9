"""The lock files cover what is declared, pin it with hashes, and say nothing about where it comes from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LOCKS = {path.name: path for path in (REPOSITORY / "requirements").glob("*.lock")}
CLIENT_LOCK = REPOSITORY / "src/st2client/requirements.lock"
_PIN = re.compile(r"^([a-z0-9-]+)==(\S+)( ; [^\\]+)? \\$")


def pins(path: Path) -> dict[str, set[str]]:
    """Versions by package; several where the Python version decides."""
    found: dict[str, set[str]] = {}
    for line in path.read_text().splitlines():
        match = _PIN.match(line)
        if match:
            found.setdefault(match[1], set()).add(match[2])
    return found


def declared(path: Path) -> set[str]:
    block = re.search(r"^dependencies = \[(.*?)\]$", path.read_text(), re.DOTALL | re.MULTILINE)
    assert block is not None
    return {re.sub(r"[_.]+", "-", name).lower() for name in re.findall(r'"([A-Za-z0-9._-]+)', block[1])}


@pytest.mark.parametrize("path", [*LOCKS.values(), CLIENT_LOCK], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_line_is_a_pin_or_a_hash(path: Path) -> None:
    for line in path.read_text().splitlines():
        assert not line or line.startswith(("#", "    --hash=sha256:")) or _PIN.match(line), line
        assert "://" not in line


def test_all_dependencies_are_pinned() -> None:
    assert declared(REPOSITORY / "pyproject.toml") <= set(pins(LOCKS["st2lite.lock"]))
    assert declared(REPOSITORY / "src/st2client/pyproject.toml") <= set(pins(CLIENT_LOCK))


@pytest.mark.parametrize("path", [LOCKS["test.lock"], CLIENT_LOCK], ids=["test", "client"])
def test_locks_that_share_a_virtualenv_agree(path: Path) -> None:
    product, other = pins(LOCKS["st2lite.lock"]), pins(path)
    for name in product.keys() & other.keys():
        assert product[name] == other[name], name


def test_the_installer_needs_nothing_for_the_client_that_is_not_pinned() -> None:
    assert set(pins(CLIENT_LOCK)) <= set(pins(LOCKS["st2lite.lock"]))

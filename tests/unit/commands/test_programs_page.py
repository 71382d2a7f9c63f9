"""The page of programs names every program that is installed."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_program_is_on_the_page():
    (scripts,) = re.findall(r"^\[project\.scripts\]\n(.*?)\n\n", (ROOT / "pyproject.toml").read_text(), re.M | re.S)
    programs = set(re.findall(r"^([\w-]+) = ", scripts, re.M))
    page = (ROOT / "docs/reference/programs.md").read_text()
    assert "st2api" in programs
    assert programs == set(re.findall(r"`(st2(?:lite|-[\w-]+|\w+))(?= |`)", page)) - {"st2"}

"""The index of decisions names each of them, with its title."""

import re
from pathlib import Path

ADR = Path(__file__).parents[2] / "docs" / "adr"


def test_the_index_lists_every_decision():
    titles = {path.name: path.read_text().partition("\n")[0] for path in sorted(ADR.glob("0*.md"))}
    rows = re.findall(r"^\| (\d+) \| \[(.+)\]\((.+)\) \|$", (ADR / "README.md").read_text(), re.M)
    assert {name: f"# {number}. {title}" for number, title, name in rows} == titles
    assert all(name.startswith(f"{int(number):04}-") for number, _, name in rows)

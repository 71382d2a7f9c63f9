"""The tables of docs/reference/roles.md, made from the argument specs. `scripts/role-docs` writes them anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.roles.role import ROOT, Role, roles

PAGE = ROOT / "docs" / "reference" / "roles.md"
BEGIN = "<!-- From here on written by scripts/role-docs. -->\n"
"""What people write comes before this line."""


def tables() -> str:
    """One section per role: first those that site.yml puts together, then those that serve them."""
    return "\n".join(_section(role) for role in sorted(roles(), key=_order))


def _order(role: Role) -> tuple[int, str]:
    playbook = (ROOT / "playbooks" / "site.yml").read_text()
    position = playbook.find(f"role: {role.name},")
    return (position if position >= 0 else len(playbook), role.name)


def _section(role: Role) -> str:
    spec = role.specs["main"]
    lines = [f"## {role.name}", "", f"{spec['short_description']}.", ""]
    lines += ["| variable | type | default | meaning |", "| --- | --- | --- | --- |"]
    lines += ["| " + " | ".join(row) + " |" for row in _rows(spec.get("options", {}))]
    return "\n".join(lines) + "\n"


def _rows(options: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    for name, option in options.items():
        kind = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
        yield f"`{prefix}{name}`", kind, _default(option), _meaning(option)
        entry = "[]." if option["type"] == "list" else "."
        yield from _rows(option.get("options", {}), f"{prefix}{name}{entry}")


def _default(option: dict[str, Any]) -> str:
    if option.get("required"):
        return "required"
    if "default" not in option:
        return ""
    text = yaml.safe_dump(option["default"], default_flow_style=True, width=1000).removesuffix("\n...\n").strip()
    if isinstance(option["default"], str) and option["default"]:
        text = option["default"]
    return f"`{_cell(text)}`" if text != "''" else "empty"


def _meaning(option: dict[str, Any]) -> str:
    description = option["description"]
    text = " ".join(description) if isinstance(description, list) else description
    text = re.sub(r"\bC\(([^()]*)\)", r"`\1`", text)
    if "choices" in option:
        text += " One of: " + ", ".join(f"`{choice}`" for choice in option["choices"]) + "."
    return _cell(text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write the tables into the page."""
    head, _, _ = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n{tables()}")


if __name__ == "__main__":
    main()

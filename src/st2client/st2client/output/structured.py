"""JSON and YAML for programs."""

from __future__ import annotations

import json
from typing import Any


def to_json(data: Any) -> str:
    """JSON with sorted keys, four spaces deep."""
    return json.dumps(data, indent=4, sort_keys=True, default=str)


def to_yaml(data: Any) -> str:
    """YAML in block style."""
    import yaml

    return str(yaml.dump(data, Dumper=_dumper(), default_flow_style=False, indent=4, allow_unicode=True)).rstrip("\n")


def yaml_block(data: Any) -> str:
    """A nested value as a YAML block for reading: two spaces deep, long lines kept, text of several lines as it is."""
    import yaml

    text = yaml.dump(
        data, Dumper=_reader_dumper(), default_flow_style=False, indent=2, width=2**31 - 1, allow_unicode=True
    )
    return "\n".join("  " + line for line in str(text).rstrip("\n").split("\n"))


def load_yaml(text: str) -> Any:
    """Parse YAML that may come from anywhere."""
    import yaml

    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader


def _dumper() -> Any:
    import yaml

    return getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def _reader_dumper() -> Any:
    base = _dumper()

    class ReaderDumper(base):  # type: ignore[misc, valid-type]
        """Writes text of several lines as a literal block."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def represent(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    ReaderDumper.add_representer(str, represent)
    return ReaderDumper

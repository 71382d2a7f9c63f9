"""HTTP basic authentication with names and passwords in any script."""

from __future__ import annotations


def wire_text(text: str) -> str:
    """Give `text` such that a library that encodes credentials to Latin-1 sends it as UTF-8 (RFC 7617, section 2.1)."""
    return text.encode().decode("latin-1")

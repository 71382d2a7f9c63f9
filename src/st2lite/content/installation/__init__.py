"""Fetching packs, putting them in place, removing them; and their virtualenvs (ADR 27)."""

"""Packs: reading, validating and registering their content."""

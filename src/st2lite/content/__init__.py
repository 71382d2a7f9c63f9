"""Packs: where they lie, what their files say, and how that gets into the store."""

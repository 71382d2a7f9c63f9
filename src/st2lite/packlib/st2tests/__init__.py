"""Base classes of the unit tests of packs."""

"""Names under which packs of old import the base class of actions."""

"""Jinja, datastore lookups, encryption, and the parameters of actions."""

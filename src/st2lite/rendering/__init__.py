"""Jinja rendering, the datastore it looks values up in, and the encryption of secret values."""

"""The commands: one module for each noun, see :mod:`st2client.registry`."""

"""Runs one sensor: `host` is its process, `line` the connection to the container, `service` what the sensor sees of it.

Everything here runs in the virtualenvs of packs: standard library only, Python 3.8 and later.
"""

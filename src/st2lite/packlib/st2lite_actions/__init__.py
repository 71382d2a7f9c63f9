"""Runs the python actions of one interpreter: `host` waits and forks, `execution` is what the child does.

Everything here runs in the virtualenvs of packs: standard library only, Python 3.8 and later.
"""

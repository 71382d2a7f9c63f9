"""The ``st2`` command line and the Python bindings of st2lite."""

__version__ = "0.1.0"

"""The store on MongoDB, for many hosts; pymongo is used nowhere else."""

import importlib.util
import sys

if importlib.util.find_spec("OpenSSL") is None:
    # pymongo looks for PyOpenSSL in a way that loads all of cryptography's X.509 first: 8 MB per process, for nothing
    # where it is not installed. It then uses the standard library, as it does when this module cannot be imported.
    sys.modules.setdefault("pymongo.pyopenssl_context", None)  # type: ignore[arg-type]  # None forbids the import

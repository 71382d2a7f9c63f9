"""A new collection cannot be forgotten: it is either kept for a reason, or there is somebody who removes from it."""

import importlib
import pkgutil

import st2lite
from st2lite.models.document import Document
from st2lite.services.retention import COLLECTED, KEPT


def stored_kinds(kind=Document):
    """All classes of documents, wherever in the suite they are."""
    for module in pkgutil.walk_packages(st2lite.models.__path__, "st2lite.models."):
        importlib.import_module(module.name)
    found = set()
    for each in kind.__subclasses__():
        found |= {each} | stored_kinds(each)
    return {each for each in found if each.__module__.startswith("st2lite.") and hasattr(each, "collection")}


def test_every_collection_is_kept_or_collected():
    assert stored_kinds() == KEPT.keys() | COLLECTED
    assert not KEPT.keys() & COLLECTED


def test_what_is_kept_says_why():
    assert all(reason for reason in KEPT.values())

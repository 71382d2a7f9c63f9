"""What every backend must do, as test methods for pytest.

Derive a test class from `StorageConformance` and give it a fixture `database`: a function of document classes (and
migrations) that returns a new store on one and the same database, which is empty when the test starts. The caller of
the tests closes the stores.
"""

from __future__ import annotations

from st2lite.storage.conformance.content import ContentConformance
from st2lite.storage.conformance.queries import QueryConformance
from st2lite.storage.conformance.schema import SchemaConformance
from st2lite.storage.conformance.threads import ThreadConformance
from st2lite.storage.conformance.writes import WriteConformance


class StorageConformance(WriteConformance, QueryConformance, ContentConformance, SchemaConformance, ThreadConformance):
    """The whole suite."""

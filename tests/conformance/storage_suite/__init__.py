"""What every backend must do, as test methods for pytest.

Derive a test class from `StorageConformance` and give it a fixture `database`: a function of document classes (and
migrations) that returns a new store on one and the same database, which is empty when the test starts. The caller of
the tests closes the stores.
"""

from __future__ import annotations

from tests.conformance.storage_suite.apart import ApartConformance
from tests.conformance.storage_suite.content import ContentConformance
from tests.conformance.storage_suite.damage import DamageConformance
from tests.conformance.storage_suite.queries import QueryConformance
from tests.conformance.storage_suite.schema import SchemaConformance
from tests.conformance.storage_suite.threads import ThreadConformance
from tests.conformance.storage_suite.writes import WriteConformance


class StorageConformance(
    WriteConformance,
    ApartConformance,
    QueryConformance,
    ContentConformance,
    DamageConformance,
    SchemaConformance,
    ThreadConformance,
):
    """The whole suite."""

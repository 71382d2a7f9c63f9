import pytest

pytest.register_assert_rewrite("tests.conformance.bus_suite", "tests.conformance.storage_suite")

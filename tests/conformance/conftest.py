import pytest

pytest.register_assert_rewrite("tests.conformance.bus_suite", "st2lite.storage.conformance")

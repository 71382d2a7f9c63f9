"""A store to read items and configurations from."""

import pytest

from st2lite.rendering.crypto import KeyRing


@pytest.fixture(scope="session")
def ring():
    return KeyRing.generate()

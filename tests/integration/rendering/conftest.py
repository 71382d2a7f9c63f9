"""A store to read items and configurations from."""

import pytest

from st2lite.rendering.crypto import KeyRing
from st2lite.storage.open import open_store


@pytest.fixture
def store(tmp_path):
    store = open_store(f"sqlite://{tmp_path}/st2.db")
    store.ensure_schema()
    yield store
    store.close()


@pytest.fixture(scope="session")
def ring():
    return KeyRing.generate()

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from st2lite.storage.contract import Store
from st2lite.storage.open import open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty database."""
    store = open_store(f"sqlite://{tmp_path / 'st2.db'}")
    store.ensure_schema()
    yield store
    store.close()

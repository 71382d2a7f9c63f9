"""Database URLs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from st2lite.models.errors import ConfigError
from st2lite.models.execution import Execution
from st2lite.storage.open import document_classes, open_store


@pytest.mark.parametrize(
    "url", ["", "st2.db", "/var/lib/st2.db", "sqlite:st2.db", "sqlite://st2.db", "sqlite:///", "redis://h"]
)
def test_other_urls_are_refused_with_an_example(url: str) -> None:
    with pytest.raises(ConfigError, match=r"sqlite:///"):
        open_store(url)


@pytest.mark.parametrize("url", ["mongodb://", "mongodb://host:port/", "mongodb://u:p:w@h/db", "mongodb://[h/db"])
def test_a_mongodb_url_that_is_wrong_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="database URL"):
        open_store(url)


@pytest.mark.parametrize("url", ["mongodb://h/?w=0", "mongodb://h/?tls=true&tlsCAFile=/nonexistent/ca.pem"])
def test_a_mongodb_url_that_cannot_work_is_refused_on_first_use(url: str) -> None:
    store = open_store(url)
    with pytest.raises(ConfigError, match="database URL"):
        store.ping()
    store.close()


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    path = tmp_path / "a b#c?d%e.db"
    store = open_store(f"sqlite://{tmp_path}/a%20b%23c%3Fd%25e.db")
    store.ping()
    store.close()
    assert path.exists()


def test_every_document_class_is_known() -> None:
    classes = document_classes()
    assert Execution in classes
    names = [kind.collection.name for kind in classes]
    assert len(names) == len(set(names))


def test_the_sqlite_store_does_not_import_the_mongodb_driver(tmp_path: Path) -> None:
    code = f"""
import sys
from st2lite.storage.open import open_store
store = open_store("sqlite://{tmp_path}/st2.db")
store.ensure_schema()
store.close()
print([name for name in sys.modules if name.split(".")[0] in ("pymongo", "bson")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""The pack of examples can be copied to the packs as it is: what is in it registers, and the chain runs what exists."""

from __future__ import annotations

import shutil
from pathlib import Path

from st2lite.content.locations import PackLocations
from st2lite.content.registrar import Registrar
from st2lite.storage.contract import Store

EXAMPLES = Path(__file__).parents[3] / "roles" / "st2" / "files" / "examples"


def test_the_examples_register(store: Store, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "packs" / "examples")
    counts = Registrar(store, PackLocations(None, [tmp_path / "packs"])).register(packs=["examples"])
    expected = {"actions": 3, "rules": 2, "sensors": 1, "aliases": 1}
    assert {kind: counts[kind] for kind in expected} == expected
    readme = (EXAMPLES / "README.md").read_text()
    for file in [*EXAMPLES.glob("actions/*.yaml"), *EXAMPLES.glob("rules/*.yaml")]:
        assert f"`{file.stem}`" in readme

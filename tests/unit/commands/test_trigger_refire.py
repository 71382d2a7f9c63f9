"""st2-trigger-refire emits what happened once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from st2lite.commands.trigger_refire import main
from st2lite.models.ids import new_id
from st2lite.models.timestamps import now
from st2lite.models.trigger import PROCESSED, Trigger, TriggerInstance
from st2lite.storage.open import open_store


def test_an_instance_is_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite://{tmp_path / 'st2.db'}"
    conf = tmp_path / "st2.conf"
    conf.write_text(f"[database]\nhost = {url}\n[messaging]\nurl = memory://\n")
    store = open_store(url)
    store.ensure_schema()
    store.insert(Trigger(id=new_id(), name="up", pack="mine", type="mine.up"))
    instance = TriggerInstance(id=new_id(), trigger="mine.up", trigger_type="mine.up", occurrence_time=now(),
                               payload={"host": "ü"}, status=PROCESSED)  # fmt: skip
    store.insert(instance)
    assert main(["--config-file", str(conf), "--trigger-instance-id", instance.id]) == 0
    assert f"repeats {instance.id}" in capsys.readouterr().out
    (repeated,) = [each for each in store.find(TriggerInstance) if each.id != instance.id]
    assert repeated.payload == {"host": "ü", "__context": {"original_id": instance.id}}
    assert repeated.status == "pending"
    assert main(["--config-file", str(conf), "--trigger-instance-id", "0" * 24]) == 1
    assert "There is no trigger instance" in capsys.readouterr().err
    store.close()

"""Backup and restore: the whole state of an installation goes into one file and comes out of it."""

from __future__ import annotations

import io
import os
import sqlite3
import stat
import tarfile
import time
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from st2lite.commands.st2lite import main
from st2lite.config.urls import database_url
from st2lite.models.document import Document
from st2lite.models.errors import InvalidInput, StoreUnavailable
from st2lite.models.execution import Execution, OutputChunk, Worker
from st2lite.models.ids import new_id
from st2lite.models.rule import Rule
from st2lite.models.service import ServiceMember
from st2lite.models.timestamps import now
from st2lite.services.backup.archive import open_backup
from st2lite.services.backup.documents import dump, kept_kinds
from st2lite.services.backup.operations import back_up, restore
from st2lite.services.installation import Installation, installation
from st2lite.services.migrating import migrate, outdated
from st2lite.storage.contract import Store
from st2lite.storage.open import open_store


def quiet(_text: str) -> None:
    """Nobody watches."""


def store_of(where: Installation) -> Store:
    return open_store(database_url(where.config))


def fill(where: Installation) -> None:
    store = store_of(where)
    store.ensure_schema()
    for number in range(450):
        store.insert(
            Execution(
                id=new_id(),
                action_ref="core.local",
                action_snapshot="a",
                runner_name="noop",
                runner_snapshot="b",
                liveaction_id=new_id(),
                start_timestamp=now(),
                status="succeeded",
                parameters={"cmd": f"echo {number} ü"},
                result=msgspec.Raw(b'{"stdout":"%d"}' % number) if number % 2 else msgspec.Raw(b""),
            )
        )
    store.insert(Rule(id=new_id(), name="r", trigger={"type": "a.b", "ref": "a.b"}, action={"ref": "core.noop"}))
    store.insert(OutputChunk(id=new_id(), execution_id="x", action_ref="a", runner_ref="b", timestamp=now(),
                             output_type="stdout", data="line\n"))  # fmt: skip
    store.insert(Worker(id=new_id(), hostname="h", pid=1, expires=0))
    store.close()
    assert where.data_dir is not None
    pack = where.data_dir / "packs" / "mine"
    (pack / "actions" / "__pycache__").mkdir(parents=True)
    (pack / "actions" / "__pycache__" / "x.pyc").write_bytes(b"x")
    (pack / "pack.yaml").write_text("name: mine\n")
    (pack / "actions" / "run.sh").write_text("#!/bin/sh\n")
    (pack / "actions" / "run.sh").chmod(0o755)
    (pack / "latest").symlink_to("actions/run.sh")
    (where.data_dir / "configs").mkdir()
    (where.data_dir / "configs" / "mine.yaml").write_text("a: 1\n")
    (where.data_dir / "datastore_key.json").write_text("{}")
    (where.data_dir / "datastore_key.json").chmod(0o600)


def contents(where: Installation) -> dict[str, list[bytes]]:
    store = store_of(where)
    store.ensure_schema()
    found = {name: [_plain(line) for line in dump(store, kind)] for name, kind in kept_kinds().items()}
    store.close()
    return found


def _plain(line: bytes) -> bytes:
    document = msgspec.json.decode(line)
    document.pop("rev")
    return msgspec.json.encode(document)


@pytest.fixture
def source(tmp_path: Path) -> Installation:
    (tmp_path / "old").mkdir()
    where = installation(None, tmp_path / "old")
    fill(where)
    return where


def test_everything_comes_back(source: Installation, tmp_path: Path) -> None:
    file = tmp_path / "st2.tar.gz"
    back_up(source, file, False, quiet)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    target = installation(None, tmp_path / "new")
    manifest = restore(target, file, False, quiet)
    assert manifest["format"] == 1
    assert contents(target) == contents(source)
    assert target.data_dir is not None
    pack = target.data_dir / "packs" / "mine"
    assert (pack / "pack.yaml").read_text() == "name: mine\n"
    assert os.access(pack / "actions" / "run.sh", os.X_OK)
    assert (pack / "latest").readlink() == Path("actions/run.sh")
    assert not (pack / "actions" / "__pycache__").exists()
    assert (target.data_dir / "configs" / "mine.yaml").read_text() == "a: 1\n"
    assert stat.S_IMODE((target.data_dir / "datastore_key.json").stat().st_mode) == 0o600
    store = store_of(target)
    assert store.count(Worker) == 0, "no process came along"
    store.close()


def test_what_was_there_is_only_replaced_on_demand(source: Installation, tmp_path: Path) -> None:
    file = tmp_path / "st2.tar.gz"
    back_up(source, file, False, quiet)
    with pytest.raises(InvalidInput, match="--force"):
        back_up(source, file, False, quiet)
    back_up(source, file, True, quiet)
    with pytest.raises(InvalidInput, match="--force"):
        restore(source, file, False, quiet)
    before = contents(source)
    store = store_of(source)
    store.insert(Rule(id=new_id(), name="later", trigger={"type": "a.b"}, action={"ref": "core.noop"}))
    store.close()
    restore(source, file, True, quiet)
    assert contents(source) == before
    assert source.data_dir is not None
    assert len(list(source.data_dir.glob("packs.before-restore-*"))) == 1


def test_nothing_is_restored_under_running_services(source: Installation, tmp_path: Path) -> None:
    file = tmp_path / "st2.tar.gz"
    back_up(source, file, False, quiet)
    store = store_of(source)
    store.insert(ServiceMember(id=new_id(), group="st2api", expires=time.time() + 60))
    store.close()
    with pytest.raises(InvalidInput, match="st2api run: stop them first"):
        restore(source, file, True, quiet)


def make_newer(where: Installation, version: int) -> None:
    """As a release would leave the store that knows migrations up to this number, and gives rules another form."""
    assert where.data_dir is not None
    with closing(sqlite3.connect(where.data_dir / "st2lite.db")) as connection:
        connection.execute("UPDATE rules SET body = '{\"title\": 1}'")
        connection.execute("UPDATE st2lite_schema SET value = ? WHERE key = 'version'", [str(version)])
        connection.commit()


def test_what_a_newer_release_has_written_is_only_replaced_on_demand(source: Installation, tmp_path: Path) -> None:
    file = tmp_path / "st2.tar.gz"
    back_up(source, file, False, quiet)
    before = contents(source)
    make_newer(source, 99)
    for attempt in (lambda: restore(source, file, False, quiet), lambda: migrate(source), lambda: outdated(source)):
        with pytest.raises(StoreUnavailable, match="newer release"):
            attempt()
    restore(source, file, True, quiet, documents_only=True)
    assert contents(source) == before
    assert source.data_dir is not None
    assert list(source.data_dir.glob("*.before-restore-*")) == [], "files stay as they are"


def test_what_an_older_release_has_written_is_migrated(
    source: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data-dir", str(source.data_dir)]
    assert main(["migrate", *where, "--check"]) == 0
    assert "as this release needs it" in capsys.readouterr().out
    assert source.data_dir is not None
    with closing(sqlite3.connect(source.data_dir / "st2lite.db")) as connection:
        connection.execute("UPDATE st2lite_schema SET value = '[]' WHERE key = 'fields:rules'")
        connection.commit()
    assert main(["migrate", *where, "--check"]) == 1
    assert "To do: new fields of rules: " in capsys.readouterr().out
    store = store_of(source)
    member = ServiceMember(id=new_id(), group="st2api", expires=time.time() + 60)
    store.insert(member)
    assert main(["migrate", *where]) == 2
    assert "st2api run: stop them first" in capsys.readouterr().err
    store.delete(ServiceMember, member.id)
    store.close()
    assert main(["migrate", *where]) == 0
    assert "Done: new fields of rules: " in capsys.readouterr().out
    assert main(["migrate", *where, "--check"]) == 0


def test_a_backup_that_was_cut_off(source: Installation, tmp_path: Path) -> None:
    file = tmp_path / "st2.tar.gz"
    back_up(source, file, False, quiet)
    short = tmp_path / "short.tar.gz"
    short.write_bytes(file.read_bytes()[:-2000])
    with pytest.raises(InvalidInput, match="not a whole backup"), open_backup(short):
        pass


def test_a_backup_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"none\.tar\.gz does not exist"), open_backup(tmp_path / "none.tar.gz"):
        pass


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "files/../../evil"])
def test_a_backup_that_leads_out_of_itself(tmp_path: Path, name: str) -> None:
    file = tmp_path / "sly.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(InvalidInput, match="leads out of it"), open_backup(file):
        pass


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    file = tmp_path / "sly.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        link = tarfile.TarInfo("files")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        archive.addfile(link)
        member = tarfile.TarInfo("files/evil")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(InvalidInput), open_backup(file):
        pass
    assert list(outside.iterdir()) == []


def test_the_commands(source: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "st2.tar.gz"
    assert main(["backup", "--data-dir", str(source.data_dir), str(file)]) == 0
    printed = capsys.readouterr()
    assert f"Written to {file}" in printed.out
    assert "executions: 450" in printed.err
    assert main(["restore", "--data-dir", str(tmp_path / "new"), str(file)]) == 0
    assert "Restored what was saved on" in capsys.readouterr().out
    assert main(["backup", "--data-dir", str(tmp_path / "nothing"), str(tmp_path / "b")]) == 2
    assert "there is no st2lite in" in capsys.readouterr().err


def test_every_kind_of_document_is_kept_or_left_out_on_purpose() -> None:
    kept = set(kept_kinds().values())
    left_out: set[type[Document]] = {Worker, ServiceMember}
    assert not kept & left_out
    assert {Rule, Execution, OutputChunk} <= kept

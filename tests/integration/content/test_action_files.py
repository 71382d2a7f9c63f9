"""Actions changed through the API, and their files."""

import os
import stat

import pytest
import yaml

from st2lite.content.action_files import ActionFiles
from st2lite.models.action import Action
from st2lite.models.errors import Conflict, Forbidden, InvalidInput
from st2lite.models.pack import Pack
from st2lite.storage.contract import Equal

NEW = {"name": "new", "pack": "weather", "runner_type": "noop"}


@pytest.fixture
def files(store, locations, registrar):
    registrar.register()
    return ActionFiles(store, locations)


@pytest.fixture
def actions(packs):
    return packs / "weather" / "actions"


def stored(store, ref):
    return next(iter(store.find(Action, [Equal("ref", ref)])), None)


def pack_files(store):
    return store.find(Pack, [Equal("ref", "weather")])[0].files


class TestCreate:
    def test_with_files(self, files, store, actions):
        data_files = [{"file_path": "new.sh", "content": "echo ä\n"}, {"file_path": "lib/x.py", "content": ""}]
        action = files.create({**NEW, "parameters": {"x": {"type": "string"}}, "data_files": data_files})
        assert stored(store, "weather.new") == action
        assert (actions / "new.sh").read_text() == "echo ä\n"
        assert {"actions/new.sh", "actions/lib/x.py"} <= set(pack_files(store))
        assert sorted(path.name for path in actions.iterdir() if path.name.startswith(".")) == []

    def test_the_pack_is_default_unless_named(self, files):
        assert files.create({"name": "x", "runner_type": "noop"}).ref == "default.x"

    def test_a_taken_reference(self, files, store):
        with pytest.raises(Conflict) as caught:
            files.create({**NEW, "name": "report"})
        assert caught.value.conflict_id == stored(store, "weather.report").id

    @pytest.mark.parametrize(
        ("content", "text"),
        [
            ({**NEW, "pack": "core"}, "Resources belonging to system level packs can't be manipulated"),
            ({**NEW, "runner_type": "nope"}, 'runner_type "nope" is not registered'),
            ({"runner_type": "noop"}, "name has to be given"),
            ({**NEW, "data_files": "x"}, "data_files: has to be a list"),
            ({**NEW, "data_files": [{"file_path": "x"}]}, "data_files: has to be a list"),
            ({**NEW, "data_files": [{"file_path": "../pack.yaml", "content": ""}]}, "relative path"),
            ({**NEW, "data_files": [{"file_path": "/etc/x", "content": ""}]}, "relative path"),
            ({**NEW, "data_files": [{"file_path": "", "content": ""}]}, "relative path"),
            ({**NEW, "data_files": [{"file_path": "out/x", "content": ""}]}, "leads out of"),
            ({**NEW, "pack": "none", "data_files": [{"file_path": "x", "content": ""}]}, "does not exist on this host"),
        ],
    )
    def test_what_is_refused_leaves_nothing(self, files, store, actions, content, text):
        (actions / "out").symlink_to("/tmp")
        before = sorted(actions.rglob("*"))
        with pytest.raises(InvalidInput, match=text):
            files.create(content)
        assert stored(store, "weather.new") is None
        assert sorted(actions.rglob("*")) == before

    def test_one_unsafe_file_stops_all(self, files, actions):
        wanted = [{"file_path": "good.sh", "content": ""}, {"file_path": "../bad.sh", "content": ""}]
        with pytest.raises(InvalidInput):
            files.create({**NEW, "data_files": wanted})
        assert not (actions / "good.sh").exists()


class TestUpdate:
    def test_metadata_and_files(self, files, store, actions):
        old = stored(store, "weather.forecast")
        wanted = {"runner_type": "local-shell-script", "entry_point": "forecast.sh", "description": "changed"}
        data_files = [{"file_path": "actions/forecast.sh", "content": "#!/bin/sh\n"}]
        new = files.update(old, {**wanted, "data_files": data_files})
        assert (new.id, new.ref, new.description) == (old.id, "weather.forecast", "changed")
        assert new.metadata_file == "actions/forecast.yaml"
        assert stored(store, "weather.forecast") == new
        assert (actions / "forecast.sh").read_text() == "#!/bin/sh\n"
        assert stat.S_IMODE((actions / "forecast.sh").stat().st_mode) & 0o100, "a script stays executable"

    def test_somebody_else_was_quicker(self, files, store):
        old = stored(store, "weather.report")
        files.update(stored(store, "weather.report"), {"runner_type": "noop", "description": "first"})
        with pytest.raises(Conflict, match="changed by somebody else"):
            files.update(old, {"runner_type": "noop"})

    @pytest.mark.parametrize("pack", [None, "weather"])
    def test_system_actions_are_refused(self, files, store, pack):
        content = {"runner_type": "noop", **({"pack": pack} if pack else {})}
        with pytest.raises(InvalidInput, match="system level packs"):
            files.update(stored(store, "core.noop"), content)


class TestDelete:
    def test_files_stay_unless_asked(self, files, store, actions):
        files.delete(stored(store, "weather.forecast"))
        assert stored(store, "weather.forecast") is None
        assert (actions / "forecast.yaml").exists()

    def test_with_files(self, files, store, actions):
        files.delete(stored(store, "weather.forecast"), remove_files=True)
        assert not (actions / "forecast.yaml").exists()
        assert not (actions / "forecast.sh").exists()
        assert "actions/forecast.sh" not in pack_files(store)

    def test_nothing_outside_the_actions_directory_is_removed(self, files, store, actions, tmp_path):
        outside = tmp_path / "precious"
        outside.write_text("")
        for entry_point in (str(outside), "../pack.yaml", "../../../precious"):
            action = stored(store, "weather.report") or files.create({**NEW, "name": "report"})
            action.entry_point, action.metadata_file = entry_point, "../pack.yaml"
            files.delete(action, remove_files=True)
        assert outside.exists()
        assert (actions.parent / "pack.yaml").exists()

    def test_files_that_cannot_be_removed_keep_the_action(self, files, store, actions):
        action = stored(store, "weather.forecast")
        action.entry_point = "lib"
        (actions / "lib").mkdir()
        (actions / "lib" / "x").write_text("")
        with pytest.raises(Forbidden, match=r"lib: cannot be removed: .*the action was kept"):
            files.delete(action, remove_files=True)
        assert stored(store, "weather.forecast") is not None

    def test_system_actions_are_refused(self, files, store):
        with pytest.raises(InvalidInput, match="system level packs"):
            files.delete(stored(store, "core.noop"))


class TestClone:
    def test_files_and_metadata(self, files, store, actions):
        source = stored(store, "weather.forecast")
        copy = files.clone(source, "weather", "outlook")
        assert (copy.ref, copy.entry_point, copy.metadata_file) == (
            "weather.outlook", "outlook.sh", "actions/outlook.yaml",
        )  # fmt: skip
        assert stored(store, "weather.outlook") == copy
        assert copy.id != source.id
        assert copy.parameters == source.parameters
        assert (actions / "outlook.sh").read_text() == (actions / "forecast.sh").read_text()
        assert os.access(actions / "outlook.sh", os.X_OK)
        metadata = yaml.safe_load((actions / "outlook.yaml").read_text())
        assert (metadata["name"], metadata["entry_point"]) == ("outlook", "outlook.sh")
        assert {"actions/outlook.yaml", "actions/outlook.sh"} <= set(pack_files(store))

    def test_a_clone_can_be_registered(self, files, registrar, store):
        copy = files.clone(stored(store, "core.echo"), "weather", "echo")
        registrar.register(packs=["weather"])
        again = stored(store, "weather.echo")
        assert (again.id, again.parameters) == (copy.id, copy.parameters)

    def test_nothing_is_overwritten_unless_asked(self, files, store):
        source = stored(store, "weather.forecast")
        old = stored(store, "weather.report")
        with pytest.raises(InvalidInput, match=r'Action "weather.report" exists already; .*overwrite'):
            files.clone(source, "weather", "report")
        copy = files.clone(source, "weather", "report", overwrite=True)
        assert (copy.id, stored(store, "weather.report").runner_type) == (old.id, "local-shell-script")

    def test_files_in_the_way_count_too(self, files, store, actions):
        (actions / "outlook.sh").write_text("precious")
        with pytest.raises(InvalidInput, match=r"File .*outlook.sh exists already"):
            files.clone(stored(store, "weather.forecast"), "weather", "outlook")
        assert (actions / "outlook.sh").read_text() == "precious"

    @pytest.mark.parametrize(
        ("pack", "name", "text"),
        [
            ("core", "x", "system level packs"),
            ("none", "x", "does not exist on this host"),
            ("../packs/weather", "x", "does not exist on this host"),
            ("weather", "../x", "dest_action: "),
            ("weather", "", "dest_action: "),
            ("weather", ".x", "dest_action: "),
            ("weather", "x" * 300, "File name too long"),
        ],
    )
    def test_what_is_refused(self, files, store, pack, name, text):
        with pytest.raises(InvalidInput, match=text):
            files.clone(stored(store, "weather.forecast"), pack, name)

    def test_an_entry_point_that_is_not_there(self, files, store, actions):
        (actions / "forecast.sh").unlink()
        with pytest.raises(InvalidInput, match=r"forecast.sh: cannot be copied: No such file"):
            files.clone(stored(store, "weather.forecast"), "weather", "outlook")
        assert stored(store, "weather.outlook") is None

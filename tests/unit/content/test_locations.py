"""Where packs lie."""

from st2lite.content.locations import PackLocations, system_packs_dir


def test_the_first_root_with_a_pack_wins(tmp_path):
    for name in ("one/core", "two/core", "two/mine", "two/.hidden"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "two" / "file").write_text("")
    locations = PackLocations(tmp_path / "one", [tmp_path / "two", tmp_path / "none"], tmp_path / "configs")
    assert locations.all_packs() == {"core": tmp_path / "one" / "core", "mine": tmp_path / "two" / "mine"}
    assert locations.pack_dir("core") == tmp_path / "one" / "core"
    assert locations.config_file("mine") == tmp_path / "configs" / "mine.yaml"
    for name in ("none", "file", "", ".", "..", "../one/core"):
        assert locations.pack_dir(name) is None


def test_system_packs_are_found_in_a_checkout():
    assert PackLocations(None, []).pack_dir("core") == system_packs_dir() / "core"
    assert (system_packs_dir() / "core" / "pack.yaml").is_file()


def test_the_default_pack_of_the_user_goes_before_the_one_of_the_product(tmp_path):
    for root in ("system", "own"):
        for pack in ("core", "default"):
            (tmp_path / root / pack).mkdir(parents=True)
    locations = PackLocations(tmp_path / "system", [tmp_path / "own"])
    assert locations.pack_dir("default") == tmp_path / "own" / "default"
    assert locations.pack_dir("core") == tmp_path / "system" / "core"
    assert locations.all_packs()["default"] == tmp_path / "own" / "default"

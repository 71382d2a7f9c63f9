"""pack.yaml."""

from pathlib import Path

import pytest

from st2lite.content.packs import list_files, read_pack
from st2lite.content.yaml_files import dump
from st2lite.models.errors import ContentError

FIXTURES = Path(__file__).parents[2] / "fixtures" / "packs"
MINIMUM = {"name": "x", "description": "d", "version": "1.2.3", "author": "a"}


def read(tmp_path, directory="x", **manifest):
    path = tmp_path / directory
    path.mkdir()
    (path / "pack.yaml").write_text(dump({key: v for key, v in {**MINIMUM, **manifest}.items() if v is not None}))
    return read_pack(path)


def test_all_fields():
    pack = read_pack(FIXTURES / "weather")
    assert (pack.ref, pack.name, pack.version) == ("weather", "Weather", "0.4.0")
    assert (pack.email, pack.stackstorm_version) == ("author@example.com", ">=3.0.0, <4.0.0")
    assert (pack.python_versions, pack.dependencies) == (["3"], ["core"])
    assert (pack.keywords, pack.contributors) == (["weather", "test"], ["Somebody Else <else@example.com>"])
    assert pack.path == str(FIXTURES / "weather")
    assert pack.uid == "pack:weather"
    assert pack.files == [
        "README.md",
        "actions/config.yaml",
        "actions/forecast.sh",
        "actions/forecast.yaml",
        "actions/report.json",
        "aliases/forecast.yaml",
        "config.schema.yaml",
        "pack.yaml",
        "policies/one_forecast.yaml",
        "rules/storm.yaml",
        "rules/thunder.json",
        "sensors/station.py",
        "sensors/station.yaml",
        "triggers/calm.yaml",
    ]


@pytest.mark.parametrize(
    ("manifest", "directory", "ref"),
    [
        ({"name": "my_pack"}, "dir", "my_pack"),
        ({"name": "My Pack", "ref": "mine"}, "dir", "mine"),
        ({"name": "My Pack"}, "my_dir", "my_dir"),
    ],
)
def test_the_reference(tmp_path, manifest, directory, ref):
    assert read(tmp_path, directory, **manifest).ref == ref


@pytest.mark.parametrize(
    ("given", "version"),
    [("1.2.3", "1.2.3"), (0.2, "0.2.0"), (1, "1.0.0"), ("0.10", "0.10.0"), ("1.0.0-rc.1+b5", "1.0.0-rc.1+b5")],
)
def test_the_version(tmp_path, given, version):
    assert read(tmp_path, version=given).version == version


@pytest.mark.parametrize(
    ("manifest", "text"),
    [
        ({"name": None}, "name has to be given as text"),
        ({"version": None}, "version has to be given as text"),
        ({"author": 5}, "author has to be given as text"),
        ({"version": "1.2.3.4"}, 'version "1.2.3.4" has to be a semantic version'),
        ({"version": "v1.2.3"}, "semantic version such as 1.2.3"),
        ({"version": True}, "version has to be given as text"),
        ({"email": "nobody"}, 'email "nobody" has to be a mail address'),
        ({"keywords": "a, b"}, "keywords has to be a list of texts"),
        ({"contributors": ["x" * 101]}, "must not be longer than 100"),
        ({"python_versions": ["4"]}, "python_versions has to be a list"),
        ({"python_versions": ["3", "3"]}, "each at most once"),
        ({"stackstorm_version": "3"}, "has to be comparisons such as"),
        ({"stackstorm_version": 3}, "stackstorm_version has to be text"),
        ({"system": []}, None),
        ({"system": "x"}, "system has to be a map"),
        ({"ref": "Not Fit"}, '"Not Fit" cannot be the reference'),
        ({"ref": "_global"}, '"_global" cannot be the reference'),
        ({"ref": 5}, "ref has to be text"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, manifest, text):
    if text is None:
        assert read(tmp_path, **manifest).system == {}
        return
    with pytest.raises(ContentError, match=text) as caught:
        read(tmp_path, **manifest)
    assert str(tmp_path / "x" / "pack.yaml") in caught.value.message


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    with pytest.raises(ContentError) as caught:
        read(tmp_path, name=None, version="x", keywords=5)
    for text in ("name has to be given", 'version "x"', "keywords has to be"):
        assert text in caught.value.message


def test_a_directory_without_manifest(tmp_path):
    with pytest.raises(ContentError, match=r'has no "pack.yaml"; write one'):
        read_pack(tmp_path)


def test_compiled_files_and_version_control_are_not_listed(tmp_path):
    for name in (".git/config", "a/__pycache__/x.cpython.pyc", "a/b.pyc", "a/b.py", ".gitignore"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (tmp_path / "link").symlink_to("/etc")
    assert list_files(tmp_path) == [".gitignore", "a/b.py", "link"]

"""Where packs may come from, as people write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from st2lite.content.installation.sources import ARCHIVE, GIT, INDEX, LOCAL, parse_source
from st2lite.models.errors import InvalidInput

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "kind", "location", "ref"),
    [
        ("weather", INDEX, "weather", None),
        (" weather ", INDEX, "weather", None),
        ("weather=1.2.3", INDEX, "weather", "1.2.3"),
        ("weather=feature/x", INDEX, "weather", "feature/x"),
        ("acme/st2-weather", GIT, "https://github.com/acme/st2-weather", None),
        ("acme/st2-weather=v1", GIT, "https://github.com/acme/st2-weather", "v1"),
        ("https://git.example.com/acme/weather.git", GIT, "https://git.example.com/acme/weather.git", None),
        (f"https://git.example.com/weather={SHA}", GIT, "https://git.example.com/weather", SHA),
        ("https://u:p@h/weather.git=main", GIT, "https://u:p@h/weather.git", "main"),
        ("https://h/x?path=weather.git", GIT, "https://h/x?path=weather.git", None),
        ("git@github.com:acme/weather.git", GIT, "git@github.com:acme/weather.git", None),
        ("gitlab@gitlab.example.com:acme/weather.git=v2", GIT, "gitlab@gitlab.example.com:acme/weather.git", "v2"),
        ("ssh://git@h:2222/weather.git", GIT, "ssh://git@h:2222/weather.git", None),
        ("git://h/weather", GIT, "git://h/weather", None),
        ("file:///srv/packs/weather", LOCAL, "/srv/packs/weather", None),
        ("file:///srv/my%20packs/weather=1.0.0", LOCAL, "/srv/my packs/weather", "1.0.0"),
        ("/srv/packs/weather", LOCAL, "/srv/packs/weather", None),
        ("/srv/weather-1.0.0.tar.gz", ARCHIVE, "/srv/weather-1.0.0.tar.gz", None),
        ("file:///srv/weather.TGZ=1.0.0", ARCHIVE, "/srv/weather.TGZ", "1.0.0"),
        ("https://h/weather.zip", ARCHIVE, "https://h/weather.zip", None),
    ],
)
def test_what_is_understood(text: str, kind: str, location: str, ref: str | None) -> None:
    source = parse_source(text)
    assert (source.kind, source.location, source.ref) == (kind, location, ref)


@pytest.mark.parametrize(
    "text",
    [
        "", "=1.0.0", "-x", "--upload-pack=x", "ext::sh -c id", "ext::sh -c touch%20/tmp/x", "file://host/x", "ftp://h/x",
        "https://", "weather=--force", "weather=", "weather=a..b", "weather=a b", "a/b/c", "../weather", "we ather",
        "-oProxyCommand=x@h:y", "https:///x", "http://[::1", "fd::17",
    ],
)  # fmt: skip
def test_what_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="packs: "):
        parse_source(text)


def test_a_path_with_an_equals_sign_that_exists(tmp_path: Path) -> None:
    (tmp_path / "a=b").mkdir()
    assert parse_source(f"{tmp_path}/a=b").location == f"{tmp_path}/a=b"
    assert parse_source(f"{tmp_path}/c=d").location == f"{tmp_path}/c"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://h/acme/St2-Weather.git", "st2_weather"),
        ("git@h:weather.git", "weather"),
        ("/srv/weather.tar.gz", "weather"),
        ("file:///srv/weather/", "weather"),
    ],
)
def test_the_name_of_a_pack_without_one(text: str, name: str) -> None:
    assert parse_source(text).name == name

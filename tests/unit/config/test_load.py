import dataclasses
import typing

import pytest

from st2lite.config.load import build, load, read_file
from st2lite.config.schema import Config, Timer
from st2lite.models.errors import ConfigError


def test_defaults_are_those_of_the_schema():
    assert build({}, environ={}).config == Config()


def test_every_option_has_help():
    for section, kind in typing.get_type_hints(Config).items():
        for field in dataclasses.fields(kind):
            assert field.metadata["help"].endswith("."), f"{section}.{field.name}"


def test_file_is_overridden_by_environment_and_both_by_overrides():
    values = {"api": {"port": "1", "host": "a"}, "stream": {"port": "7"}}
    config = build(values, {"stream": {"port": 9}}, {"ST2_API__PORT": "2"}).config
    assert (config.api.port, config.api.host, config.stream.port) == (2, "a", 9)


@pytest.mark.parametrize(
    ("section", "name", "text", "needle"),
    [
        ("api", "port", "nine", '[api] port: "nine" is not a whole number'),
        ("api", "port", "-1", "too small"),
        ("api", "port", "65536", "too large; the most that works is 65535"),
        ("messaging", "confirm_timeout", "nan", '"nan" is not a number'),
        ("messaging", "confirm_timeout", "inf", '"inf" is not a number'),
        ("auth", "enable", "maybe", "write True or False"),
        ("auth", "mode", "magic", "not one of standalone, proxy"),
        ("auth", "backend_kwargs", "{", "not valid JSON"),
        ("auth", "backend_kwargs", "[]", "must be a JSON object"),
        ("sensorcontainer", "partition_provider", "hash", '"hash" is not of the form name:value'),
        ("sensorcontainer", "partition_provider", "{", "not valid JSON"),
    ],
)
def test_a_bad_value_names_the_option_and_the_remedy(section, name, text, needle):
    (problem,) = build({section: {name: text}}, environ={}).problems
    assert needle in problem


@pytest.mark.parametrize(
    "text", ["name:hash, hash_ranges:0..1024|2048..MAX", '{"name": "hash", "hash_ranges": "0..1024|2048..MAX"}']
)
def test_the_partition_of_sensors_is_written_as_pairs_or_as_json(text):
    config = build({"sensorcontainer": {"partition_provider": text}}, environ={}).config
    assert config.sensorcontainer.partition_provider == {"name": "hash", "hash_ranges": "0..1024|2048..MAX"}


def test_all_problems_are_reported_at_once(tmp_path):
    path = tmp_path / "st2.conf"
    path.write_text("[api]\nport = x\n[auth]\nenable = y\n")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert "2 problem(s)" in caught.value.message
    assert "[api] port" in caught.value.message
    assert "[auth] enable" in caught.value.message


def test_misspelled_names_get_a_suggestion_and_options_of_stackstorm_are_silent():
    loaded = build({"api": {"prot": "1", "logging": "x"}, "atuh": {}, "rbac": {"enable": "x"}}, environ={})
    assert loaded.warnings == [
        '[atuh]: no such section (did you mean "auth"?); it is ignored.',
        '[api] prot: no such option (did you mean "port"?); it is ignored.',
    ]


def test_the_section_of_timers_is_known_by_the_name_of_later_releases_too():
    loaded = build(
        {"timersengine": {"local_timezone": "UTC", "logging": "/etc/st2/logging.timersengine.conf"}}, environ={}
    )
    assert (loaded.config.timer.local_timezone, loaded.warnings) == ("UTC", [])
    both = {"timersengine": {"local_timezone": "UTC", "enable": "False"}, "timer": {"local_timezone": "Asia/Tokyo"}}
    assert build(both, environ={}).config.timer == Timer(enable=False, local_timezone="Asia/Tokyo")


def test_a_percent_sign_in_a_password_is_literal(tmp_path):
    path = tmp_path / "st2.conf"
    path.write_text("[database]\npassword = 50%off;x#y\n")
    assert load(path).database.password == "50%off;x#y"


@pytest.mark.parametrize("content", ["port = 1\n", "[api\n", "\xff\xfe"])
def test_a_file_that_is_no_ini_is_a_config_error(tmp_path, content):
    path = tmp_path / "st2.conf"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError):
        read_file(path)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"hunter2\n[api]\n", "line 1: neither"),
        (b"[api]\nport = 1\nhunter2\n", "line 3: neither"),
        (b"[api\n", "line 1: neither"),
        (b"[api]\nhost = \xff\n", r"not UTF-8 text \(byte 13\)"),
    ],
)
def test_a_faulty_line_is_named_but_not_repeated(tmp_path, content, text):
    path = tmp_path / "st2.conf"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=text) as caught:
        read_file(path)
    assert "hunter2" not in caught.value.message
    with pytest.raises(ConfigError, match="is a directory"):
        read_file(tmp_path)

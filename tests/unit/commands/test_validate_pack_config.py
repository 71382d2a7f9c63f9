"""st2-validate-pack-config."""

import pytest

from st2lite.commands.validate_pack_config import main

SCHEMA = "region: {type: string, required: true}\nport: {type: integer}\ntoken: {type: string, secret: true}\n"


@pytest.fixture
def check(tmp_path, capsys):
    """Write schema and configuration, check them, return exit code, stdout and stderr."""

    def run(values, *arguments, schema=SCHEMA):
        (tmp_path / "packs" / "depot").mkdir(parents=True, exist_ok=True)
        (tmp_path / "configs").mkdir(exist_ok=True)
        (tmp_path / "packs" / "depot" / "config.schema.yaml").write_text(schema)
        (tmp_path / "configs" / "depot.yaml").write_text(values)
        (tmp_path / "st2.conf").write_text(f"[system]\nbase_path = {tmp_path}\n")
        code = main(list(arguments) or ["depot", "--config-file", str(tmp_path / "st2.conf")])
        return code, *capsys.readouterr()

    run.directory = tmp_path
    return run


def test_by_the_name_of_the_pack(check):
    code, out, err = check("region: north\nport: '{{ st2kv.system.port }}'\n")
    assert (code, err) == (0, "")
    assert 'configs/depot.yaml" successfully validated against schema in' in out


def test_by_files(check):
    directory = check.directory
    schema, path = directory / "packs" / "depot" / "config.schema.yaml", directory / "configs" / "depot.yaml"
    assert check("region: north", "--schema-path", str(schema), "--config-path", str(path))[0] == 0
    code, _, err = check("port: 1", "--schema-path", str(schema), "--config-path", str(path))
    assert (code, "'region' is a required property" in err) == (1, True)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ("region: 5", "Key \"region\": 5 is not of type 'string'; give a string"),
        ("{region: r, port: x}", "Key \"port\": 'x' is not of type 'integer'"),
        ("{region: r, token: '{{ st2kv.system.t | decrypt_kv }}'}", 'leave the filter "decrypt_kv" out'),
        ("region: [", "line 2, column 1: "),
        ("[region]", "expected a map"),
    ],
)
def test_what_is_wrong_is_named(check, values, text):
    code, out, err = check(values)
    assert (code, out) == (1, "")
    assert text in err and "depot.yaml" in err


def test_a_faulty_schema(check):
    code, _, err = check("region: north", schema="region: {type: strin}")
    assert (code, '"region": type has to be one of' in err) == (1, True)


def test_a_slip_in_a_key_is_pointed_out(check):
    code, _, err = check("region: north\nports: 5\n")
    assert (code, 'does not know the key "ports"; did you mean "port"?' in err) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "name a pack, or give both"),
        (["--schema-path", "x.yaml"], "name a pack, or give both"),
        (["--schema-path", "/no/x.yaml", "--config-path", "/no/y.yaml"], "/no/x.yaml: no such file"),
    ],
)
def test_nothing_to_check(capsys, arguments, text):
    assert main(arguments) == 2
    assert text in capsys.readouterr().err


def test_an_unknown_pack(check):
    code, _, err = check("region: north", "none", "--config-file", str(check.directory / "st2.conf"))
    assert (code, 'pack "none" is not on this host' in err) == (2, True)

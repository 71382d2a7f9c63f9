import configparser
from pathlib import Path

import pytest

from st2lite.commands.validate_config import main, reference


@pytest.fixture
def conf(tmp_path):
    def write(text):
        path = tmp_path / "st2.conf"
        path.write_text(text)
        return ["--config-file", str(path)]

    return write


def test_a_good_file_passes(conf, tmp_path, capsys):
    (tmp_path / "htpasswd").touch()
    arguments = conf(
        f'[auth]\nbackend_kwargs = {{"file_path": "{tmp_path}/htpasswd"}}\n[system]\nbase_path = {tmp_path}\n'
    )
    assert main(arguments) == 0
    assert "no problems" in capsys.readouterr().out


def test_every_problem_is_told_with_its_remedy(conf, capsys):
    assert main(conf("[api]\nport = many\nprot = 1\n[auth]\nmode = maybe\n")) == 1
    out = capsys.readouterr().out
    assert "[api] port" in out
    assert "[auth] mode" in out
    assert 'did you mean "port"' in out
    assert "2 problem(s), 1 warning(s)" in out


def test_missing_files_come_with_the_command_that_makes_them(conf, tmp_path, capsys):
    auth = '[auth]\nbackend_kwargs = {"file_path": "/nonexistent/htpasswd"}\n'
    assert main(conf(auth + "[keyvalue]\nencryption_key_path = /nonexistent/k\n")) == 1
    out = capsys.readouterr().out
    assert "st2lite set-password --file /nonexistent/htpasswd" in out
    assert "st2-generate-symmetric-crypto-key --key-path /nonexistent/k" in out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[database]\nhost = foo://hunter2@x\n", '[database] host: database URL of scheme "foo"'),
        ("[database]\nhost = mongodb://u:hunter2@[x/y\n", "[database] host: database URL: "),
        ("[messaging]\nurl = foo://hunter2@x\n", '[messaging] url: "foo" is not a bus'),
        ("[messaging]\nurl = amqp://u:hunter2@h:abc/\n", "[messaging] url: Port could not be cast"),
        ("[messaging]\nurl = amqp://u:hunter2@[h/\n", "[messaging] url: Invalid IPv6 URL"),
        ("[coordination]\nurl = foo://hunter2@x\n", '[coordination] url: its scheme "foo" is not supported'),
        ("[coordination]\nurl = redis://:hunter2@h:abc\n", "[coordination] url: Port could not be cast"),
        ("[coordination]\nurl = file://locks\n", "[coordination] url: write three slashes"),
        ("[keyvalue]\nencryption_key_path = {conf}\n", "[keyvalue] encryption_key_path: {conf}: not a key file"),
        ('[auth]\nbackend_kwargs = {{"file_path": 5}}\n', "[auth] backend_kwargs: flat_file needs a file"),
    ],
)
def test_what_no_service_could_open_is_told_without_its_password(conf, tmp_path, capsys, text, told):
    names = {"conf": f"{tmp_path}/st2.conf"}
    assert main(conf(text.format(**names))) == 1
    out = capsys.readouterr().out
    assert told.format(**names) in out
    assert "hunter2" not in out


@pytest.mark.parametrize("content", [None, "not ini\n"])
def test_an_unreadable_file_is_exit_code_2_without_a_traceback(tmp_path, capsys, content):
    path = tmp_path / "st2.conf"
    if content:
        path.write_text(content)
    assert main(["--config-file", str(path)]) == 2
    assert str(path) in capsys.readouterr().err


def test_the_reference_is_a_file_that_can_be_used():
    text = reference().replace("# ", "").replace("#", "")
    lines = [line for line in text.splitlines() if line.startswith("[") or " = " in line]
    parser = configparser.RawConfigParser()
    parser.read_string("\n".join(lines))
    assert parser.get("api", "port") == "9101"


def test_the_documentation_shows_every_option_as_it_is():
    page = Path(__file__).parents[3] / "docs" / "reference" / "configuration.md"
    _, _, listing = page.read_text().partition("```ini\n")
    assert listing == reference().rstrip() + "\n```\n", "write what st2-validate-config --list-options prints"

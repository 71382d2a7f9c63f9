"""Every template of every role renders for every supported system, and what comes out can be read by its reader."""

from __future__ import annotations

import configparser
import json
import re

import pytest
import yaml

from tests.roles.hosts import each_host
from tests.roles.rendering import SECRETS, Rendered, files_on
from tests.roles.role import Role, each_role

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

_UNIT = re.compile(r"\.(service|socket|timer|target|path)(\.d/.*\.conf)?$")


@each_host
@each_role
def test_templates_render_to_files_that_can_be_read(role: Role, kind: str) -> None:
    for file in files_on(role, kind):
        where = f"{file.path} of {file.task.name}"
        assert file.text.strip(), f"{where} is empty"
        assert file.text.endswith("\n"), f"{where} does not end its last line"
        assert not re.search(r"\{%|%\}|\bNone\b|\bUndefined\b", file.text), f"{where} shows traces of a template"
        _read(file)


@each_host
@each_role
def test_no_file_that_others_may_read_holds_a_secret(role: Role, kind: str) -> None:
    for file in files_on(role, kind):
        if any(secret in file.text or secret.split()[0] in file.text for secret in SECRETS.values()):
            assert file.mode in ("0600", "0640", "0400", "0440"), f"{file.path} ({file.mode}) of {file.task.name}"
            assert file.task.keyword("no_log") is True, f"{file.task.name} prints what it writes"


@each_role
def test_every_template_belongs_to_a_task(role: Role) -> None:
    folder = role.path / "templates"
    used = "\n".join(file.read_text() for file in [*role.path.rglob("*.yml"), *folder.rglob("*.j2")])
    for template in folder.rglob("*.j2"):
        # A name may be put together from an item of a loop.
        names = (str(template.relative_to(folder)), template.name, template.name.removesuffix(".j2"))
        parts = (template.name.partition(".")[0],)
        assert any(name in used for name in (*names, *parts)), f"nothing uses {template}"


def _read(file: Rendered) -> None:
    """Fail unless the rendered text is of the format that its path asks for."""
    if file.path.endswith((".yml", ".yaml")) or file.path == "/etc/mongod.conf":
        assert isinstance(yaml.safe_load(file.text), dict), file.path
    elif file.path.endswith(".json"):
        assert isinstance(json.loads(file.text), dict), file.path
    elif _UNIT.search(file.path) or file.path.endswith(".repo") or file.path.startswith("/etc/st2/"):
        _ini(file.text)
    elif "/nginx/" in file.path or "/logrotate.d/" in file.path:
        _braces(file.text)


def _ini(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",), allow_no_value=False)
    parser.read_string(text)
    assert parser.sections(), text
    return parser


def _braces(text: str) -> None:
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        code = re.sub(r"'[^']*'|\"[^\"]*\"|#.*", "", line)
        depth += code.count("{") - code.count("}")
        assert depth >= 0, f"line {number} closes more than was opened: {line}"
    assert depth == 0, text

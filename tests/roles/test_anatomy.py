"""Roles look alike, and what they say about their variables is true."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from tests.roles.rendering import Host
from tests.roles.role import ROOT, Role, each_role, roles

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

_TOOLS = {"preflight", "packages", "secret"}
"""Roles that serve other roles: they bring no service, so they have no phases."""
_PHASES = ("preflight", "install", "configure", "service", "verify")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "str": str, "path": str, "bool": bool, "int": int, "float": (int, float), "list": list, "dict": dict, "raw": object,
}  # fmt: skip
_SOMETHING: dict[str, Any] = {"str": "something", "bool": True, "list": []}


def test_the_readme_names_every_role() -> None:
    text = (ROOT / "roles" / "README.md").read_text()
    for role in roles():
        assert f"| `{role.name}` |" in text, f"roles/README.md does not say what {role.name} owns"


@each_role
def test_the_files_of_the_anatomy_exist(role: Role) -> None:
    wanted = ["defaults/main.yml", "meta/main.yml", "meta/argument_specs.yml", "tasks/main.yml"]
    if role.name not in _TOOLS:
        wanted += ["handlers/main.yml", "vars/debian.yml", "vars/redhat.yml", "tasks/uninstall.yml"]
        wanted += [f"tasks/{phase}.yml" for phase in _PHASES]
    assert [file for file in wanted if not role.has(file)] == []


@each_role
def test_main_includes_each_phase_in_order(role: Role) -> None:
    if role.name in _TOOLS:
        return
    text = (role.path / "tasks" / "main.yml").read_text()
    positions = [text.find(f"{phase}.yml") for phase in _PHASES[1:]]
    assert -1 not in positions, f"{role.name}: main.yml leaves out a phase"
    assert positions == sorted(positions)


@each_role
def test_what_an_imported_file_imports_is_looked_for_in_its_role(role: Role) -> None:
    """Named without a folder it would be looked for in `tasks/` of the working directory first."""
    inside = [path for path in sorted((role.path / "tasks").glob("*.yml")) if path.name != "main.yml"]
    imported = [line for path in inside for line in path.read_text().splitlines() if "import_tasks:" in line]
    assert [line.strip() for line in imported if '"{{ role_path }}/tasks/' not in line] == []


@each_role
def test_meta_names_the_supported_systems(role: Role) -> None:
    meta = role.load("meta/main.yml")
    platforms = {entry["name"]: entry["versions"] for entry in meta["galaxy_info"]["platforms"]}
    assert platforms == {"Debian": ["bookworm", "trixie"], "Ubuntu": ["jammy", "noble"], "EL": ["9"]}
    assert meta["galaxy_info"]["min_ansible_version"] == "2.17"
    assert meta["dependencies"] == []


@each_role
def test_defaults_are_those_of_the_argument_specs(role: Role) -> None:
    for entry, spec in role.specs.items():
        options = spec.get("options", {})
        assert set(role.defaults) <= set(options), f"{role.name}, {entry}"
        for name, option in options.items():
            assert "default" in option or option.get("required"), f"{name}: neither required nor with a default"
            if option.get("required") or name not in role.defaults:
                continue
            assert option["default"] == role.defaults[name], name
            assert type(option["default"]) is type(role.defaults[name]), name


@each_role
def test_what_only_one_entry_point_takes_is_described(role: Role) -> None:
    assert set(role.specs["main"].get("options", {})) == set(role.defaults), role.name
    for entry, spec in role.specs.items():
        for name, option in spec.get("options", {}).items():
            if name not in role.defaults:
                assert name.startswith(f"{role.name}_"), f"{entry}: {name}"
                assert len(str(option.get("description", ""))) > 10, f"{entry}: {name} has no description"


@each_role
def test_every_variable_is_the_role_s_own_and_described(role: Role) -> None:
    lines = (role.path / "defaults" / "main.yml").read_text().splitlines()
    comments = [line for line in lines if line.startswith("# ")]
    for name, option in role.specs["main"].get("options", {}).items():
        assert name.startswith(f"{role.name}_"), name
        assert len(str(option.get("description", ""))) > 10, f"{name} has no description"
    assert comments, f"{role.name}: defaults without a word"
    previous = ""
    for line in lines:
        if line and not line.startswith((" ", "#", "-")):
            assert previous.startswith("# "), f"{role.name}: {line} has no comment of its own"
        previous = line


@each_role
def test_no_two_variables_share_a_description(role: Role) -> None:
    told = [str(option["description"]) for option in role.specs["main"].get("options", {}).values()]
    assert len(told) == len(set(told)), [text for text in told if told.count(text) > 1]


@each_role
def test_defaults_have_the_types_of_the_argument_specs(role: Role) -> None:
    for name, option in role.specs["main"].get("options", {}).items():
        value = role.defaults[name]
        if option.get("required") or (isinstance(value, str) and "{{" in value):
            continue
        assert isinstance(value, _TYPES[option["type"]]), f"{name}: {value!r} is no {option['type']}"
        assert ("elements" in option) == (option["type"] == "list"), f"{name}: elements are for lists, and needed there"
        assert not isinstance(value, bool) or option["type"] == "bool", name


@each_role
def test_ansible_accepts_the_defaults(role: Role) -> None:
    host = Host(role, "debian-12")
    for entry, spec in role.specs.items():
        options: dict[str, Any] = spec.get("options", {})
        given = {name: host.value(role.defaults[name]) for name in options if name in role.defaults}
        given |= {name: _SOMETHING[options[name]["type"]] for name in options if options[name].get("required")}
        result = ArgumentSpecValidator(options).validate(given)
        assert not result.error_messages, f"{role.name}, {entry}: {result.error_messages}"

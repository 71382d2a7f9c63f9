"""Programs that work on an installation find that of an st2.conf and that of standalone."""

import argparse

import pytest

from st2lite.commands import (
    apply_rbac,
    bootstrap_rmq,
    cleanup_db,
    pack_tools,
    purge,
    register_content,
    rule_tester,
    track_result,
    trigger_refire,
    validate_pack_config,
)
from st2lite.commands.place import add_place_options, config_of
from st2lite.models.errors import ConfigError

BEFORE = ["--timestamp", "2026-01-31T12:00:00Z"]
PROGRAMS = {
    "purge-executions": (purge.executions, BEFORE),
    "purge-trigger-instances": (purge.trigger_instances, BEFORE),
    "pack-install": (pack_tools.install, ["weather"]),
    "pack-download": (pack_tools.download, ["weather"]),
    "pack-setup-virtualenv": (pack_tools.setup_virtualenv, ["weather"]),
    "register-content": (register_content.main, []),
    "apply-rbac-definitions": (apply_rbac.main, []),
    "bootstrap-rmq": (bootstrap_rmq.main, []),
    "cleanup-db": (cleanup_db.main, ["--yes"]),
    "track-result": (track_result.main, ["0" * 24]),
    "trigger-refire": (trigger_refire.main, ["--trigger-instance-id", "0" * 24]),
    "validate-pack-config": (validate_pack_config.main, ["weather"]),
    "rule-tester": (rule_tester.main, ["--rule-ref", "a.b", "--trigger-instance-id", "0" * 24]),
}


def options(*arguments):
    parser = argparse.ArgumentParser()
    add_place_options(parser)
    return parser.parse_args(arguments)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_directory_that_is_no_installation_is_refused(program, tmp_path, capsys):
    main, arguments = program
    assert main([*arguments, "--data-dir", str(tmp_path)]) in (1, 2)
    assert f"--data-dir: there is no st2lite in {tmp_path}." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_data_directory_stands_for_its_configuration(tmp_path):
    (tmp_path / "st2lite.db").touch()
    assert config_of(options("--data-dir", str(tmp_path))).system.base_path == str(tmp_path)


def test_only_one_place_can_be_given(capsys):
    with pytest.raises(SystemExit):
        options("--data-dir", "here", "--config-file", "there")
    assert "not allowed with" in capsys.readouterr().err


def test_a_configuration_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"st2\.conf does not exist"):
        config_of(options("--config-file", str(tmp_path / "st2.conf")))

import json
import logging

import pytest

from st2lite.config.load import build
from st2lite.models.errors import ConfigError
from st2lite.services.log_handlers import FileHandler
from st2lite.services.logs import mask, reopen_logs, set_up_logging

pytestmark = pytest.mark.usefixtures("root_logger")


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2",
        "Authorization: Basic hunter2",
        '{"token": "hunter2"}',
        "X-Auth-Token: hunter2 more",
        "amqp://st2:hunter2@127.0.0.1:5672/",
        "mongodb://st2:hunter2@db/st2",
        "st2-api-key=hunter2&limit=1",
    ],
)
def test_secrets_are_masked(text):
    assert "hunter2" not in mask(text)
    assert "********" in mask(text)


@pytest.mark.parametrize("text", ["http://127.0.0.1:9101/v1", "the token was issued", "12:30:45 all well"])
def test_other_text_is_left_alone(text):
    assert mask(text) == text


def logger_for(tmp_path, **options):
    values = {"directory": str(tmp_path), **options}
    set_up_logging(build({"log": values}, environ={}).config, "st2api")
    return logging.getLogger("st2lite.test"), tmp_path / "st2api.log"


def test_a_text_line_tells_when_what_and_where(tmp_path):
    logger, path = logger_for(tmp_path)
    logger.info("Listening on %s", "port 1")
    line = path.read_text()
    assert "INFO" in line
    assert "st2api[" in line
    assert line.endswith("st2lite.test: Listening on port 1\n")


def test_a_json_line_is_one_object_also_with_a_traceback(tmp_path):
    logger, path = logger_for(tmp_path, format="json")
    try:
        raise RuntimeError("password=hunter2")
    except RuntimeError:
        logger.exception("failed")
    (line,) = path.read_text().splitlines()
    entry = json.loads(line)
    assert entry["level"] == "ERROR"
    assert "RuntimeError" in entry["message"]
    assert "hunter2" not in line


@pytest.mark.parametrize("masked", ["true", "false"])
def test_what_callers_send_makes_no_line_of_its_own_and_steers_no_terminal(tmp_path, masked):
    logger, path = logger_for(tmp_path, mask_secrets=masked)
    logger.info("No user %s", "ada\n2026-01-01 INFO st2auth: welcome\r\x1b[2J\u2028")
    first, second = path.read_text().splitlines()
    assert first.endswith("No user ada")
    assert second == "    2026-01-01 INFO st2auth: welcome\\r\\x1b[2J\\u2028"


def test_a_rotated_log_is_opened_anew(tmp_path):
    logger, path = logger_for(tmp_path)
    logger.info("one")
    path.rename(tmp_path / "st2api.log.1")
    reopen_logs()
    logger.info("two")
    assert "two" in path.read_text()
    assert "two" not in (tmp_path / "st2api.log.1").read_text()


def test_the_level_is_respected(tmp_path):
    logger, path = logger_for(tmp_path, level="WARNING")
    logger.info("quiet")
    logger.warning("loud")
    assert "quiet" not in path.read_text()
    assert "loud" in path.read_text()


def test_a_directory_that_cannot_be_written_is_named(tmp_path):
    config = build({"log": {"directory": str(tmp_path / "none")}}, environ={}).config
    with pytest.raises(ConfigError, match=r"\[log\] directory: .*/none/st2api.log cannot be written: No such file"):
        set_up_logging(config, "st2api")


@pytest.mark.parametrize("turn", ["first", "second"])
def test_no_test_is_left_with_the_logging_of_another(tmp_path, turn):
    left = [handler for handler in logging.getLogger().handlers if isinstance(handler, FileHandler)]
    assert (left, logging.getLogger("paramiko").level) == ([], logging.NOTSET)
    logger_for(tmp_path)

"""Logging files of operators: those of StackStorm, Python's own, and broken ones."""

from __future__ import annotations

import json
import logging
import os
import socket
import stat
import textwrap
from pathlib import Path

import pytest

from st2lite.config.load import build
from st2lite.http.audit import AUDIT, LOGGER
from st2lite.models.errors import ConfigError
from st2lite.services.logs import reopen_logs, set_up_logging

OF_STACKSTORM = """
    [loggers]
    keys=root
    [handlers]
    keys=fileHandler, auditHandler
    [formatters]
    keys=verbose, gelf
    [logger_root]
    level=INFO
    handlers=fileHandler, auditHandler
    [handler_fileHandler]
    class=st2common.log.FormatNamedFileHandler
    level=DEBUG
    formatter=verbose
    args=("{directory}/st2api.log",)
    [handler_auditHandler]
    class=st2common.logging.handlers.FormatNamedFileHandler
    level=AUDIT
    formatter=gelf
    args=("{directory}/st2api.{{pid}}.audit.log",)
    [formatter_verbose]
    class=st2common.logging.formatters.ConsoleLogFormatter
    format=%(levelname)s [-] %(message)s
    datefmt=
    [formatter_gelf]
    class=st2common.logging.formatters.GelfLogFormatter
    format=%(message)s
"""

logger = logging.getLogger("st2lite.test")


pytestmark = pytest.mark.usefixtures("root_logger")


def use(tmp_path: Path, text: str, **syslog: object) -> None:
    """Have st2api log as a logging file says."""
    path = tmp_path / "logging.api.conf"
    path.write_text(textwrap.dedent(text).format(directory=tmp_path))
    values = {"api": {"logging": str(path)}, "syslog": {name: str(value) for name, value in syslog.items()}}
    set_up_logging(build(values, environ={}).config, "st2api")


def test_a_file_of_stackstorm_is_understood(tmp_path: Path) -> None:
    use(tmp_path, OF_STACKSTORM)
    logger.info("Hello %s", "there")
    logger.log(AUDIT, "An action was run", extra={"user": "ada"})
    assert (tmp_path / "st2api.log").read_text() == "INFO [-] Hello there\nAUDIT [-] An action was run\n"
    (line,) = (tmp_path / f"st2api.{os.getpid()}.audit.log").read_text().splitlines()
    entry = json.loads(line)
    assert entry["version"] == "1.1"
    assert entry["short_message"] == "An action was run"
    assert entry["_level_name"] == "AUDIT"
    assert entry["_user"] == "ada"
    assert entry["level"] == 2


def test_audit_records_are_made_only_where_they_are_kept(tmp_path: Path) -> None:
    audit = logging.getLogger(LOGGER)
    use(tmp_path, OF_STACKSTORM)
    assert audit.isEnabledFor(AUDIT)
    use(tmp_path, OF_STACKSTORM.replace("level=AUDIT", "level=ERROR"))
    assert not audit.isEnabledFor(AUDIT)


def test_secrets_are_masked_in_every_format(tmp_path: Path) -> None:
    use(tmp_path, OF_STACKSTORM)
    try:
        raise RuntimeError('{"password": "hunter2"}')
    except RuntimeError:
        logger.log(AUDIT, 'Given was {"token": "%s"}', "hunter2", exc_info=True)
    texts = [path.read_text() for path in tmp_path.glob("st2api*.log")]
    assert len(texts) == 2
    assert all("RuntimeError" in text and "hunter2" not in text for text in texts)


def test_its_files_are_opened_anew_after_rotation(tmp_path: Path) -> None:
    plain = OF_STACKSTORM.replace("st2common.log.FormatNamedFileHandler", "handlers.RotatingFileHandler")
    use(tmp_path, plain)
    logger.info("one")
    path = tmp_path / "st2api.log"
    path.rename(tmp_path / "st2api.log.1")
    reopen_logs()
    logger.info("two")
    assert path.read_text() == "INFO [-] two\n"


def test_others_cannot_read_a_log(tmp_path: Path) -> None:
    use(tmp_path, OF_STACKSTORM)
    assert stat.S_IMODE((tmp_path / "st2api.log").stat().st_mode) == 0o640


def test_a_worker_is_known_by_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKERID", "3")
    use(tmp_path, OF_STACKSTORM.replace("{{pid}}", "{{workerid}}"))
    assert (tmp_path / "st2api.3.audit.log").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
class TestRootInADirectoryOfAnother:
    def test_the_log_belongs_to_that_user(self, tmp_path: Path) -> None:
        os.chown(tmp_path, 12345, -1)
        use(tmp_path, OF_STACKSTORM)
        assert (tmp_path / "st2api.log").stat().st_uid == 12345

    def test_it_does_not_follow_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "st2api.log").symlink_to("/tmp/st2lite-must-not-be-written")
        os.chown(tmp_path, 12345, -1)
        with pytest.raises(ConfigError, match=r"\[api\] logging: .*st2api.log: Too many levels of symbolic links"):
            use(tmp_path, OF_STACKSTORM)


def test_syslog_is_the_one_of_the_configuration(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(30)
        text = """
            [loggers]
            keys=root
            [handlers]
            keys=syslog
            [formatters]
            keys=syslog
            [logger_root]
            level=INFO
            handlers=syslog
            [handler_syslog]
            class=st2common.logging.handlers.ConfigurableSyslogHandler
            formatter=syslog
            args=()
            [formatter_syslog]
            format=st2api: %(message)s
        """
        use(tmp_path, text, host="127.0.0.1", port=server.getsockname()[1], facility="local3")
        logger.error("Help")
        assert server.recv(1000).startswith(b"<155>st2api: Help")  # local3 is 19, an error 3: 19 * 8 + 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[handlers]\nkeys=x\n", r"has no section \[loggers\]"),
        ("what is this", "is no file of"),
        (OF_STACKSTORM.replace("[handler_auditHandler]", "[other]"), "cannot be used"),
        (OF_STACKSTORM.replace("st2common.log.", "st2nothing."), "cannot be used"),
        (OF_STACKSTORM.replace("level=INFO", "level=LOUD"), "LOUD"),
        (OF_STACKSTORM.replace("/st2api.log", "/none/st2api.log"), "/none: No such file"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=rf"^\[api\] logging: .*{said}"):
        use(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    config = build({"timersengine": {"logging": str(tmp_path / "none")}}, environ={}).config
    with pytest.raises(ConfigError, match=r"^\[timer\] logging: .*none cannot be read: No such file"):
        set_up_logging(config, "st2timersengine")

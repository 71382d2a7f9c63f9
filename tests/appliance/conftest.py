"""What an installed host has to be, asked of the host itself.

    scripts/test appliance --hosts=ssh://st2.example.org [--target=alternative]

Without `--hosts` nothing here is collected: some of these tests restart services, the last one the host.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from testinfra.host import Host

_VARIABLES = Path(__file__).parent / "vars"
_JOURNAL_LINES = 60


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--target", default="default", help="variables of the host: a file of tests/appliance/vars")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "disturbing: restarts services or the host; runs after those that do not")
    config.addinivalue_line("markers", "last: looks at what all others have left; runs after them")


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return None if config.getoption("hosts", None) else True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--target") != "upgrade":
        # They ask for what is there only after an upgrade. Molecule names each file, so none can be ignored earlier.
        items[:] = [item for item in items if item.path.parent.name != "upgrade"]
    order = ["disturbing", "last"]
    items.sort(
        key=lambda item: max((order.index(mark.name) for mark in item.iter_markers() if mark.name in order), default=-1)
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """An argument named `x_row` takes each value of the target's list `x` in turn."""
    for argument in metafunc.fixturenames:
        if argument.endswith("_row"):
            rows = variables(metafunc.config)[argument.removesuffix("_row")]
            metafunc.parametrize(argument, rows, ids=[_row_name(row) for row in rows])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failure shows what the services said of it."""
    report: Any = yield
    if report.when == "call" and report.failed and "host" in getattr(item, "funcargs", {}):
        report.sections.append(("journal of the host", _journal(item.funcargs["host"])))  # type: ignore[attr-defined]
    return report


@pytest.fixture(scope="session")
def target(pytestconfig: pytest.Config) -> dict[str, Any]:
    """What is expected of this host, from vars/common.yml and the file of the target."""
    return variables(pytestconfig)


def variables(config: pytest.Config) -> dict[str, Any]:
    """Values of the target over those of all targets. Lists are replaced; those under `further` are added."""
    common = yaml.safe_load((_VARIABLES / "common.yml").read_text())
    own = yaml.safe_load((_VARIABLES / f"{config.getoption('target')}.yml").read_text()) or {}
    values = {**common, **own}
    for name, rows in values.pop("further", {}).items():
        values[name] = values[name] + rows
    filled: dict[str, Any] = _fill(values, {name: text for name, text in values.items() if isinstance(text, str)})
    return filled


def _fill(value: Any, texts: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _fill(part, texts) for name, part in value.items()}
    if isinstance(value, list):
        return [_fill(part, texts) for part in value]
    if isinstance(value, str):
        for name, text in texts.items():
            value = value.replace(f"{{{name}}}", text)
    return value


def _row_name(row: object) -> str:
    if isinstance(row, dict):
        row = next(iter(row.values()))
    return str(row)


def _journal(host: Host) -> str:
    units = "-u 'st2*' -u mongod -u rabbitmq-server -u nginx"
    try:
        return str(host.run(f"journalctl --no-pager --lines={_JOURNAL_LINES} -o short-precise {units}").stdout)
    except RuntimeError as error:
        return f"the host cannot be asked: {error}"

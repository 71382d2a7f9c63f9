"""The python runner with real interpreters: what an action gets, and what becomes of what it gives."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from st2lite.executions.protocol import Outcome, Run
from st2lite.models.action import RunnerType
from st2lite.runners import python
from tests.processes import wait_for
from tests.python_pack import PACKLIB, PythonPack
from tests.runs import Output, make_run, make_settings

FIXTURES = Path(__file__).parents[2] / "fixtures" / "packs"


@pytest.mark.parametrize(
    ("body", "status", "result", "code"),
    [
        ("return {'a': [1, None, True]}", "succeeded", {"a": [1, None, True]}, 0),
        ("return None", "succeeded", None, 0),
        ("pass", "succeeded", None, 0),
        ("return 'é\\u2028'", "succeeded", "é\u2028", 0),
        ("return (True, 'good')", "succeeded", "good", 0),
        ("return (False, {'bad': 1})", "failed", {"bad": 1}, 0),
        ("return (1, 'x')", "failed", "None", 220),
        ("return (None, 'x')", "failed", "None", 220),
        ("return (True, 1, 2)", "succeeded", [True, 1, 2], 0),
        ("return [True, 1]", "succeeded", [True, 1], 0),
        ("return {1: 'x'}", "succeeded", {"1": "x"}, 0),
        ("return {1, }", "succeeded", "{1}", 0),
        ("return {'a': 1j}", "succeeded", "{'a': 1j}", 0),
        ("return [float('nan'), float('inf'), 1.5]", "succeeded", [None, None, 1.5], 0),
        ("return 2 ** 70", "succeeded", 2**70, 0),
        ("return '\\udc80'", "succeeded", "?", 0),
        ("x = []; x.append(x); return x", "succeeded", "[[...]]", 0),
        ("raise ValueError('no')", "failed", "None", 1),
        ("sys.exit(4)", "failed", "None", 4),
        ("sys.exit()", "succeeded", "None", 0),
        ("sys.exit('words')", "failed", "None", 1),
        ("os._exit(7)", "failed", "None", 7),
        ("os.kill(os.getpid(), 11)", "failed", "None", -11),
        ("os.kill(os.getpid(), 9)", "failed", "None", -9),
    ],
)
def test_what_run_returns(host: PythonPack, body: str, status: str, result: Any, code: int) -> None:
    outcome = host.run(body)
    assert (outcome.status, outcome.result["result"], outcome.result["exit_code"]) == (status, result, code)
    assert set(outcome.result) - {"error"} == {"result", "stdout", "stderr", "exit_code"}


def test_an_action_in_place_of_a_workflow_has_an_output(host: PythonPack) -> None:
    run = host.prepare("return (False, {'a': 1})")
    outcome = host.runner.run(replace(run, runner=replace_output_key(run, "output")))
    assert outcome.status == "failed"
    assert outcome.result == {"output": {"a": 1}, "stdout": "", "stderr": "", "exit_code": 0}


def test_actions_of_system_packs_are_told_of_the_host(tmp_path: Path) -> None:
    pack = PythonPack(tmp_path, system_pack_variables={"ST2_SYSTEM__BASE_PATH": "/somewhere"})
    run = pack.prepare("return os.environ.get('ST2_SYSTEM__BASE_PATH')", env={"ST2_SYSTEM__BASE_PATH": "/elsewhere"})
    told = pack.runner.run(run).result["result"]
    pack.runner.close()
    assert told == "/somewhere"


def replace_output_key(run: Run, key: str) -> RunnerType:
    return RunnerType(name=run.runner.name, runner_module="python_runner", output_key=key)


def test_output_and_log(host: PythonPack) -> None:
    body = "print('to stdout', 'é')\nself.logger.debug('a %s', 1)\nself.logger.info('b')\nsys.stderr.write('raw\\n')"
    run = host.prepare(body)
    outcome = host.runner.run(run)
    assert outcome.result["stdout"] == "to stdout é\n"
    assert outcome.result["stderr"] == (
        "st2.actions.python.Act: DEBUG    a 1\nst2.actions.python.Act: INFO     b\nraw\n"
    )
    assert isinstance(run.output, Output)
    assert run.output.text("stdout") == outcome.result["stdout"]
    assert run.output.text("stderr") == outcome.result["stderr"]


@pytest.mark.parametrize(
    ("level", "logged"),
    [("DEBUG", ["WARNING", "ERROR"]), ("ERROR", ["ERROR"]), ("INFO", ["INFO", "WARNING", "ERROR"]), ("AUDIT", [])],
)
def test_log_level_of_the_action_and_of_the_host(tmp_path: Path, level: str, logged: list[str]) -> None:
    host = PythonPack(tmp_path, python_log_level="WARNING")
    body = "for level in ('debug', 'info', 'warning', 'error'):\n    getattr(self.logger, level)('x')"
    stderr = host.run(body, log_level=level).result["stderr"]
    host.runner.close()
    assert [line.split()[1] for line in stderr.splitlines()] == logged


def test_a_traceback_begins_at_the_action(host: PythonPack) -> None:
    lines = host.run("def inner():\n    raise ValueError('no')\ninner()").result["stderr"].splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].endswith('act.py", line 7, in run')
    assert lines[-1] == "ValueError: no"
    assert "st2lite_actions" not in "".join(lines)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("def run(:\n", "SyntaxError"),
        ("import no_such_module\n", "No module named 'no_such_module'"),
        ("x = 1\n", "has no action"),
        ("class A(Action):\n    def run(self, needed):\n        pass\n", "needed"),
        ("class A(Action):\n    pass\n", "has no action"),
    ],
)
def test_files_that_cannot_be_run(host: PythonPack, source: str, text: str) -> None:
    outcome = host.run_file(host.write(source))
    assert (outcome.status, outcome.result["exit_code"], outcome.result["result"]) == ("failed", 1, "None")
    assert text in outcome.result["stderr"]


def test_only_action_parameters_reach_run(host: PythonPack) -> None:
    outcome = host.run("return given", {"text": "é", "list": [{"a": None}]}, log_level="INFO", timeout=30)
    assert outcome.result["result"] == {"text": "é", "list": [{"a": None}]}


def test_parameters_of_any_size_and_never_in_the_list_of_processes(host: PythonPack) -> None:
    body = "return [len(given['big']), open('/proc/self/cmdline').read().count('xxxx')]"
    assert host.run(body, {"big": "x" * 5_000_000}).result["result"] == [5_000_000, 0]


def test_large_results_and_outputs(host: PythonPack) -> None:
    outcome = host.run("print('o' * 11_000_000)\nsys.stderr.write('e' * 300_000)\nreturn 'r' * 3_000_000")
    assert outcome.status == "succeeded"
    assert len(outcome.result["result"]) == 3_000_000
    assert len(outcome.result["stdout"]) == 10 * 1024 * 1024
    assert len(outcome.result["stderr"]) == 300_000
    assert "Only the first" in outcome.result["error"]


def test_a_result_beyond_the_limit_is_a_failure(host: PythonPack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("st2lite.runners.python_process.RESULT_LIMIT", 100_000)
    outcome = host.run("return 'r' * 200_000")
    assert (outcome.status, outcome.result["result"]) == ("failed", "None")
    assert "more than 100000 bytes" in outcome.result["error"]


def test_binary_output(host: PythonPack) -> None:
    assert host.run("os.write(1, b'\\xff\\xc3\\xa9\\0')").result["stdout"] == "\ufffdé\0"


def test_environment(host: PythonPack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INHERITED", "1")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "inherited"))
    env = {"MINE": "2", "PythonPath": "/evil", "PYTHONPATH": "/evil", "ST2_AUTH_TOKEN": "forged"}
    seen = host.run("return [dict(os.environ), sys.path]", env=env).result["result"]
    variables, path = seen
    assert (variables["INHERITED"], variables["MINE"]) == ("1", "2")
    assert variables["ST2_ACTION_AUTH_TOKEN"] == variables["ST2_AUTH_TOKEN"] == "token-of-the-run"
    assert variables["ST2_ACTION_API_URL"] == variables["ST2_API_URL"] == "http://127.0.0.1:9101/v1"
    assert variables["PATH"].startswith(f"{Path(sys.executable).parent}:")
    assert "/evil" not in variables["PYTHONPATH"] and "PythonPath" not in variables
    assert path.index(str(host.pack / "actions" / "lib")) < path.index(str(tmp_path / "inherited"))
    assert "/evil" not in path


def test_each_run_sees_its_own_environment(host: PythonPack) -> None:
    body = "import time; return [os.environ.get('A'), os.environ.get('B'), time.tzname[0]]"
    assert host.run(body, env={"A": "1", "TZ": "XYZ-3"}).result["result"] == ["1", None, "XYZ"]
    assert host.run(body, env={"B": "2", "TZ": "UTC"}).result["result"] == [None, "2", "UTC"]


def test_variables_that_are_read_when_an_interpreter_starts(host: PythonPack) -> None:
    assert host.run("return hash('x')", env={"PYTHONHASHSEED": "0"}).result["result"] == int(
        subprocess.run(
            [sys.executable, "-c", "print(hash('x'))"], env={"PYTHONHASHSEED": "0"}, capture_output=True, check=True
        ).stdout
    )


def test_common_libs_come_first_when_enabled(tmp_path: Path) -> None:
    host = PythonPack(tmp_path, enable_common_libs=True)
    (host.pack / "lib").mkdir()
    (host.pack / "lib" / "shared.py").write_text("VALUE = 'common'\n")
    outcome = host.run("import shared\nreturn [shared.VALUE, sys.path[0]]")
    host.runner.close()
    assert outcome.result["result"] == ["common", str(host.pack / "lib")]


def test_the_host_learns_which_standard_modules_are_used_and_nothing_else(host: PythonPack) -> None:
    library = host.pack / "actions" / "lib" / "mailbox.py"  # takes the place of the standard one
    library.parent.mkdir()
    library.write_text("VALUE = 'of the pack'\n")
    body = (
        "before = sorted(name for name in ('csv', 'mailbox', 'jinja2', 'antigravity') if name in sys.modules)\n"
        "import csv, mailbox, jinja2\n"
        "return [before, mailbox.VALUE]"
    )
    assert host.run(body).result["result"] == [[], "of the pack"]
    wait_for(lambda: host.run(body).result["result"] == [["csv"], "of the pack"])


def test_edits_are_seen_at_once(host: PythonPack) -> None:
    library = host.pack / "actions" / "lib" / "helper.py"
    library.parent.mkdir()
    for number in range(5):
        library.write_text(f"VALUE = {'x' * number!r}\n")
        outcome = host.run(f"import helper\nreturn [{number}, helper.VALUE]")
        assert outcome.result["result"] == [number, "x" * number]


def test_an_old_file_is_cached_and_a_new_version_of_it_is_not_missed(
    host: PythonPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    path = host.write("class A(Action):\n    def run(self):\n        return 1\n")
    past = time.time() - 100
    os.utime(path, (past, past))
    assert host.run_file(path).result["result"] == 1
    assert list(path.parent.glob("__pycache__/act.*.pyc"))
    path.write_text(path.read_text().replace("1", "2"))
    assert host.run_file(path).result["result"] == 2


def test_the_first_complete_class_in_alphabetical_order_is_the_action(host: PythonPack) -> None:
    source = (
        "import abc\n"
        "class Base(Action, abc.ABC):\n    @abc.abstractmethod\n    def part(self): ...\n"
        "class Zebra(Base):\n    def part(self): ...\n    def run(self):\n        return 'zebra'\n"
        "class Ant(Zebra):\n    def run(self):\n        return 'ant'\n"
    )
    assert host.run_file(host.write(source)).result["result"] == "ant"


def test_an_action_may_have_a_base_class_of_its_pack(host: PythonPack) -> None:
    (host.pack / "actions" / "lib").mkdir()
    (host.pack / "actions" / "lib" / "base.py").write_text(
        "class Action(object):\n    def __init__(self, config):\n        self.config = config\n"
    )
    source = (
        "from lib.base import Action\n"
        "class Helper:\n    pass\n"
        "class Manager(Action):\n"
        "    def run(self, action, **kwargs):\n"
        "        return [action, kwargs, self.config, self.action_service.get_user_info is not None]\n"
    )
    outcome = host.run_file(host.write(source), action="ping", issue="A-1")
    assert outcome.result["result"] == ["ping", {"issue": "A-1"}, {}, True], outcome.result["stderr"]


@pytest.mark.parametrize(
    "signature",
    ["self, config", "self, config=None", "self, config, action_service", "self, **kwargs", "self, *a, **kwargs"],
)
def test_constructors_of_all_ages(host: PythonPack, signature: str) -> None:
    super_call = "**kwargs" if "kwargs" in signature else "config"
    source = (
        f"class A(Action):\n    def __init__({signature}):\n        super().__init__({super_call})\n"
        "    def run(self):\n"
        "        return [type(self.action_service).__name__, isinstance(self.config, dict), self.logger.name]\n"
    )
    expected = ["ActionService", True, "st2.actions.python.A"]
    outcome = host.run_file(host.write(source))
    assert outcome.result["result"] == expected, outcome.result["stderr"]


def test_an_action_file_named_like_a_library(host: PythonPack) -> None:
    source = "import http.client\nclass A(Action):\n    def run(self):\n        return http.client.OK.value\n"
    assert host.run_file(host.write(source, "http.py")).result["result"] == 200


def test_config_names_what_is_missing(host: PythonPack) -> None:
    run = host.prepare("return [self.config['known'], self.config.get('other')]")
    known = replace(run, load_config=lambda: {"known": {"a": 1}})
    assert host.runner.run(known).result["result"] == [{"a": 1}, None]
    missing = host.runner.run(run)
    assert 'pack "examples" has no key "known"' in missing.result["stderr"]


def test_a_pack_of_the_first_years_runs_unmodified(tmp_path: Path) -> None:
    pack = FIXTURES / "veteran"
    runner = python.create(make_settings(tmp_path, packlib_dir=PACKLIB, system_packs=frozenset({"examples"})))

    def greet(**parameters: Any) -> Outcome:
        run = make_run("python-script", {}, parameters, entry_point=pack / "actions" / "greet.py", pack_dir=pack)
        return runner.run(replace(run, load_config=lambda: {"url": "http://there"}))

    good, bad = greet(name="Zoë", times=2), greet(name="x", times=0)
    runner.close()
    words = {"words": ["Hello Zoë", "Hello Zoë"], "by": "GreetAction at http://there"}
    assert (good.status, good.result["result"], good.result["stdout"]) == ("succeeded", words, "about to greet\n")
    assert good.result["stderr"] == "st2.actions.python.GreetAction: DEBUG    Greeting Zoë\n"
    assert (bad.status, bad.result["result"]) == ("failed", "nobody to greet")


def test_packs_read_and_write_timestamps_with_st2common(host: PythonPack) -> None:
    body = (
        "import datetime\n"
        "from st2common.util import isotime\n"
        "moment = isotime.parse('2026-01-31 14:00:00.25+02:00')\n"
        "plain = datetime.datetime(2026, 1, 31, 12)\n"
        "east = plain.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=2)))\n"
        "return [isotime.format(moment), isotime.format(moment, usec=False, offset=False), isotime.format(plain),\n"
        "        isotime.format(east, usec=False), isotime.format('2026-01-31T12:00:00Z', usec=False),\n"
        "        isotime.validate('2026-01-31', raise_exception=False), isotime.validate('2026-01-31T12:00:00Z'),\n"
        "        isotime.add_utc_tz(plain) == isotime.parse('2026-01-31T12:00:00+00'),\n"
        "        isotime.get_datetime_utc_now() > moment]"
    )
    outcome = host.run(body)
    assert outcome.result["result"] == [
        "2026-01-31T12:00:00.250000+00:00",
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.000000+00:00",
        "2026-01-31T12:00:00+02:00",
        "2026-01-31T12:00:00+00:00",
        False,
        True,
        True,
        True,
    ], outcome.result["stderr"]
    assert "is not a timestamp" in host.run("from st2common.util import isotime; isotime.parse('x')").result["stderr"]


def test_a_result_too_deep_to_be_written_says_so(host: PythonPack) -> None:
    outcome = host.run("deep = []\nfor _ in range(100_000):\n    deep = [deep]\nreturn deep")
    assert (outcome.status, outcome.result["exit_code"]) == ("failed", 1)
    assert outcome.result["stderr"] == "The result is nested too deeply to be written as JSON or text: flatten it.\n"


class TestVirtualenv:
    @pytest.fixture
    def host(self, tmp_path: Path) -> Iterator[PythonPack]:
        created = PythonPack(tmp_path, system_packs=frozenset({"core"}))
        yield created
        created.runner.close()

    def test_a_missing_one_says_how_to_make_it(self, host: PythonPack, tmp_path: Path) -> None:
        outcome = host.run("return 1")
        assert outcome.status == "failed"
        assert outcome.result["result"] == "None"
        assert outcome.result["error"].endswith("st2 run packs.setup_virtualenv packs=examples")

    def test_libraries_and_programs_of_the_pack_come_first(self, host: PythonPack, tmp_path: Path) -> None:
        virtualenv = tmp_path / "virtualenvs" / "examples"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(virtualenv)], check=True)
        (site,) = virtualenv.glob("lib/python3*/site-packages")
        (site / "special.py").write_text("VALUE = 'of the pack'\n")
        (site / "msgspec.py").write_text("VALUE = 'of the pack'\n")
        body = (
            "import special, msgspec, jinja2, subprocess, shutil\n"
            "program = [sys.executable, '-c', 'import special; print(special.VALUE)']\n"
            "inner = subprocess.check_output(program, text=True).strip()\n"
            "return [special.VALUE, msgspec.VALUE, sys.prefix, shutil.which('python'), inner]"
        )
        outcome = host.run(body)
        assert outcome.status == "succeeded", outcome.result["stderr"]
        program = str(virtualenv / "bin" / "python")
        assert outcome.result["result"] == ["of the pack", "of the pack", str(virtualenv), program, "of the pack"]


def test_bad_parameters(host: PythonPack) -> None:
    assert 'Parameter "timeout"' in host.run("pass", timeout=-5).result["error"]
    assert 'Parameter "env"' in host.run("pass", env={"": "x"}).result["error"]
    assert "has no entry_point" in host.runner.run(make_run("python-script", {})).result["error"]

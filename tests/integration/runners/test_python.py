"""The python runner with real interpreters."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import st2lite.packlib
from st2lite.executions.protocol import Outcome, Run
from st2lite.runners import python
from st2lite.runners.python import PythonRunner
from st2lite.runners.python_host import HostPool
from tests.runs import Output, make_run, make_settings
from tests.servers.web import Answer, Received, WebServer

PACKLIB = Path(next(iter(st2lite.packlib.__path__)))
FIXTURES = Path(__file__).parents[2] / "fixtures" / "packs"


class Host:
    """A runner, and a pack `examples` whose actions the test writes."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        self.pack = directory / "packs" / "examples"
        (self.pack / "actions").mkdir(parents=True)
        given = {"packlib_dir": PACKLIB, "system_packs": frozenset({"examples"}), **settings}
        self.runner: PythonRunner = python.create(make_settings(directory, **given))

    def write(self, source: str, name: str = "act.py") -> Path:
        path = self.pack / "actions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"from st2common.runners.base_action import Action\n{source}")
        return path

    def prepare(self, source: str, action: dict[str, Any] | None = None, **runner: Any) -> Run:
        body = "".join(f"        {line}\n" for line in source.splitlines())
        path = self.write(f"import os, sys\nclass Act(Action):\n    def run(self, **given):\n{body}")
        return make_run("python-script", runner, action, entry_point=path, pack_dir=self.pack)

    def run(self, source: str, action: dict[str, Any] | None = None, **runner: Any) -> Outcome:
        """Run `source` as the body of `run(self, **given)`."""
        return self.runner.run(self.prepare(source, action, **runner))

    def run_file(self, path: Path, **action: Any) -> Outcome:
        return self.runner.run(make_run("python-script", {}, action, entry_point=path, pack_dir=self.pack))


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    before = open_files(), children()
    created = Host(tmp_path)
    yield created
    created.runner.close()
    assert (open_files(), children()) == before


def open_files() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def children() -> set[str]:
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_for(condition: Any) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("did not come true")


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
def test_what_run_returns(host: Host, body: str, status: str, result: Any, code: int) -> None:
    outcome = host.run(body)
    assert (outcome.status, outcome.result["result"], outcome.result["exit_code"]) == (status, result, code)
    assert set(outcome.result) - {"error"} == {"result", "stdout", "stderr", "exit_code"}


def test_output_and_log(host: Host) -> None:
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
    host = Host(tmp_path, python_log_level="WARNING")
    body = "for level in ('debug', 'info', 'warning', 'error'):\n    getattr(self.logger, level)('x')"
    stderr = host.run(body, log_level=level).result["stderr"]
    host.runner.close()
    assert [line.split()[1] for line in stderr.splitlines()] == logged


def test_a_traceback_begins_at_the_action(host: Host) -> None:
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
def test_files_that_cannot_be_run(host: Host, source: str, text: str) -> None:
    outcome = host.run_file(host.write(source))
    assert (outcome.status, outcome.result["exit_code"], outcome.result["result"]) == ("failed", 1, "None")
    assert text in outcome.result["stderr"]


def test_only_action_parameters_reach_run(host: Host) -> None:
    outcome = host.run("return given", {"text": "é", "list": [{"a": None}]}, log_level="INFO", timeout=30)
    assert outcome.result["result"] == {"text": "é", "list": [{"a": None}]}


def test_parameters_of_any_size_and_never_in_the_list_of_processes(host: Host) -> None:
    body = "return [len(given['big']), open('/proc/self/cmdline').read().count('xxxx')]"
    assert host.run(body, {"big": "x" * 5_000_000}).result["result"] == [5_000_000, 0]


def test_large_results_and_outputs(host: Host) -> None:
    outcome = host.run("print('o' * 11_000_000)\nsys.stderr.write('e' * 300_000)\nreturn 'r' * 3_000_000")
    assert outcome.status == "succeeded"
    assert len(outcome.result["result"]) == 3_000_000
    assert len(outcome.result["stdout"]) == 10 * 1024 * 1024
    assert len(outcome.result["stderr"]) == 300_000
    assert "Only the first" in outcome.result["error"]


def test_a_result_beyond_the_limit_is_a_failure(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("st2lite.runners.python_process.RESULT_LIMIT", 100_000)
    outcome = host.run("return 'r' * 200_000")
    assert (outcome.status, outcome.result["result"]) == ("failed", "None")
    assert "more than 100000 bytes" in outcome.result["error"]


def test_binary_output(host: Host) -> None:
    assert host.run("os.write(1, b'\\xff\\xc3\\xa9\\0')").result["stdout"] == "\ufffdé\0"


def test_environment(host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
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


def test_each_run_sees_its_own_environment(host: Host) -> None:
    body = "import time; return [os.environ.get('A'), os.environ.get('B'), time.tzname[0]]"
    assert host.run(body, env={"A": "1", "TZ": "XYZ-3"}).result["result"] == ["1", None, "XYZ"]
    assert host.run(body, env={"B": "2", "TZ": "UTC"}).result["result"] == [None, "2", "UTC"]


def test_variables_that_are_read_when_an_interpreter_starts(host: Host) -> None:
    assert host.run("return hash('x')", env={"PYTHONHASHSEED": "0"}).result["result"] == int(
        subprocess.run(
            [sys.executable, "-c", "print(hash('x'))"], env={"PYTHONHASHSEED": "0"}, capture_output=True, check=True
        ).stdout
    )


def test_common_libs_come_first_when_enabled(tmp_path: Path) -> None:
    host = Host(tmp_path, enable_common_libs=True)
    (host.pack / "lib").mkdir()
    (host.pack / "lib" / "shared.py").write_text("VALUE = 'common'\n")
    outcome = host.run("import shared\nreturn [shared.VALUE, sys.path[0]]")
    host.runner.close()
    assert outcome.result["result"] == ["common", str(host.pack / "lib")]


def test_the_host_learns_which_standard_modules_are_used_and_nothing_else(host: Host) -> None:
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


def test_edits_are_seen_at_once(host: Host) -> None:
    library = host.pack / "actions" / "lib" / "helper.py"
    library.parent.mkdir()
    for number in range(5):
        library.write_text(f"VALUE = {'x' * number!r}\n")
        outcome = host.run(f"import helper\nreturn [{number}, helper.VALUE]")
        assert outcome.result["result"] == [number, "x" * number]


def test_an_old_file_is_cached_and_a_new_version_of_it_is_not_missed(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    path = host.write("class A(Action):\n    def run(self):\n        return 1\n")
    past = time.time() - 100
    os.utime(path, (past, past))
    assert host.run_file(path).result["result"] == 1
    assert list(path.parent.glob("__pycache__/act.*.pyc"))
    path.write_text(path.read_text().replace("1", "2"))
    assert host.run_file(path).result["result"] == 2


def test_the_first_complete_class_of_the_file_is_the_action(host: Host) -> None:
    source = (
        "import abc\n"
        "class Base(Action, abc.ABC):\n    @abc.abstractmethod\n    def part(self): ...\n"
        "class Zebra(Base):\n    def part(self): ...\n    def run(self):\n        return 'zebra'\n"
        "class Ant(Zebra):\n    def run(self):\n        return 'ant'\n"
    )
    assert host.run_file(host.write(source)).result["result"] == "zebra"


@pytest.mark.parametrize(
    "signature",
    ["self, config", "self, config=None", "self, config, action_service", "self, **kwargs", "self, *a, **kwargs"],
)
def test_constructors_of_all_ages(host: Host, signature: str) -> None:
    super_call = "**kwargs" if "kwargs" in signature else "config"
    source = (
        f"class A(Action):\n    def __init__({signature}):\n        super().__init__({super_call})\n"
        "    def run(self):\n"
        "        return [type(self.action_service).__name__, isinstance(self.config, dict), self.logger.name]\n"
    )
    expected = ["ActionService", True, "st2.actions.python.A"]
    outcome = host.run_file(host.write(source))
    assert outcome.result["result"] == expected, outcome.result["stderr"]


def test_an_action_file_named_like_a_library(host: Host) -> None:
    source = "import http.client\nclass A(Action):\n    def run(self):\n        return http.client.OK.value\n"
    assert host.run_file(host.write(source, "http.py")).result["result"] == 200


def test_config_names_what_is_missing(host: Host) -> None:
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


class TestVirtualenv:
    @pytest.fixture
    def host(self, tmp_path: Path) -> Iterator[Host]:
        created = Host(tmp_path, system_packs=frozenset({"core"}))
        yield created
        created.runner.close()

    def test_a_missing_one_says_how_to_make_it(self, host: Host) -> None:
        outcome = host.run("return 1")
        assert outcome.status == "failed"
        assert "st2 run packs.setup_virtualenv packs=examples" in outcome.result["error"]
        assert outcome.result["result"] == "None"

    def test_libraries_and_programs_of_the_pack_come_first(self, host: Host, tmp_path: Path) -> None:
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


SPRAWL = (
    "import subprocess\n"
    "pids = [subprocess.Popen(['sleep', '300']).pid, subprocess.Popen(['sleep', '300'], start_new_session=True).pid]\n"
    "open(given['file'], 'w').write(' '.join(map(str, [*pids, os.getpid()])))\n"
    "subprocess.run(['sleep', '300'])"
)


def pids_in(path: Path) -> list[int]:
    wait_for(lambda: path.exists() and len(path.read_text().split()) == 3)
    return [int(pid) for pid in path.read_text().split()]


def test_timeout_ends_the_whole_tree(host: Host, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    outcome = host.run("print('before')\n" + SPRAWL, {"file": str(pids)}, timeout=1)
    assert outcome.status == "timeout"
    assert outcome.result == {
        "result": "None",
        "stdout": "before\n",
        "stderr": "",
        "exit_code": -9,
        "error": "Action failed to complete in 1 seconds",
    }
    started = pids_in(pids)
    wait_for(lambda: not any(map(alive, started)))
    assert host.run("return 1").result["result"] == 1


def test_cancellation_ends_the_whole_tree(host: Host, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    run = host.prepare(SPRAWL, {"file": str(pids)}, timeout=300)
    thread = threading.Thread(target=host.runner.run, args=(run,))
    thread.start()
    started = pids_in(pids)
    run.cancellation.request()
    thread.join(30)
    assert not thread.is_alive()
    wait_for(lambda: not any(map(alive, started)))


def test_a_run_canceled_before_it_began_ends_at_once(host: Host) -> None:
    run = host.prepare("import time; time.sleep(300)")
    run.cancellation.request()
    assert host.runner.run(run).status == "failed"


def test_many_at_the_same_time_share_one_interpreter(host: Host) -> None:
    path = host.write(
        "import os, time\nclass A(Action):\n    def run(self, n):\n"
        "        time.sleep(0.05); print(n); return [n, os.getppid()]\n"
    )
    outcomes: dict[int, Outcome] = {}

    def work(number: int) -> None:
        outcomes[number] = host.run_file(path, n=number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [outcomes[n].result["result"][0] for n in range(20)] == list(range(20))
    assert [outcomes[n].result["stdout"] for n in range(20)] == [f"{n}\n" for n in range(20)]
    assert len({outcome.result["result"][1] for outcome in outcomes.values()}) == 1


def test_nothing_of_the_host_leaks_into_an_action(host: Host) -> None:
    body = (
        "import signal\n"
        "inherit = os.popen('ls /proc/self/fd').read().split()\n"
        "quiet = [signal.getsignal(s) == signal.SIG_DFL for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)]\n"
        "return [inherit, quiet, os.getsid(0) == os.getpid(), sys.stdin.read(), sys.argv]"
    )
    inherited, defaults, leads, stdin, argv = host.run(body).result["result"]
    assert inherited == ["0", "1", "2", "3"]  # 3 is the directory that ls reads
    assert defaults == [True, True, True]
    assert leads is True
    assert stdin == ""
    assert argv == [str(host.pack / "actions" / "act.py")]


def test_threads_and_exit_functions_are_waited_for(host: Host) -> None:
    body = (
        "import atexit, threading, time\n"
        "atexit.register(print, 'exit')\n"
        "threading.Thread(target=lambda: (time.sleep(0.2), print('thread'))).start()\n"
        "return 1"
    )
    outcome = host.run(body)
    assert (outcome.result["result"], outcome.result["stdout"]) == (1, "thread\nexit\n")


def host_pid(host: Host) -> int:
    return int(host.run("return os.getppid()").result["result"])


def test_a_killed_host_fails_what_runs_and_is_replaced(host: Host, tmp_path: Path) -> None:
    first = host_pid(host)
    started = tmp_path / "started"
    run = host.prepare("open(given['file'], 'w').write(str(os.getpid())); import time; time.sleep(300)",
                       {"file": str(started)})  # fmt: skip
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(host.runner.run(run)))
    thread.start()
    wait_for(lambda: started.exists() and started.read_text())
    os.kill(first, signal.SIGKILL)
    thread.join(30)
    assert outcomes[0].status == "failed"
    assert "host process of python actions ended unexpectedly" in outcomes[0].result["error"]
    wait_for(lambda: not alive(int(started.read_text())))
    assert host_pid(host) != first


def test_a_host_ignores_the_signals_that_stop_the_service(host: Host) -> None:
    first = host_pid(host)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(first, number)
    assert host_pid(host) == first


def test_an_idle_host_ends_and_the_next_action_gets_a_new_one(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.runner._hosts = HostPool(PACKLIB, idle=0.1)
    first = host_pid(host)
    wait_for(lambda: not Path(f"/proc/{first}").exists())
    assert host_pid(host) != first
    host.runner.close()


def test_close_ends_running_actions(tmp_path: Path) -> None:
    host = Host(tmp_path)
    started = tmp_path / "started"
    run = host.prepare("open(given['file'], 'w').write(str(os.getpid())); import time; time.sleep(300)",
                       {"file": str(started)})  # fmt: skip
    thread = threading.Thread(target=host.runner.run, args=(run,))
    thread.start()
    wait_for(lambda: started.exists() and started.read_text())
    host.runner.close()
    thread.join(30)
    assert not thread.is_alive()
    wait_for(lambda: not alive(int(started.read_text())))


def test_host_and_actions_die_with_the_service(tmp_path: Path) -> None:
    started = tmp_path / "started"
    action = tmp_path / "act.py"
    action.write_text(
        "import os, time\nfrom st2common.runners.base_action import Action\n"
        "class A(Action):\n    def run(self, file):\n"
        "        open(file, 'w').write(f'{os.getpid()} {os.getppid()}'); time.sleep(300)\n"
    )
    service = (
        "import sys, json; sys.path[:0] = json.loads(sys.argv[1])\n"
        "from pathlib import Path\n"
        "from st2lite.runners import python\n"
        "from tests.runs import make_run, make_settings\n"
        "path, packlib, started = map(Path, sys.argv[2:])\n"
        "settings = make_settings(path.parent, packlib_dir=packlib, system_packs=frozenset({'examples'}))\n"
        "python.create(settings).run(make_run('python-script', {}, {'file': str(started)}, entry_point=path))\n"
    )
    arguments = [json.dumps(sys.path), str(action), str(PACKLIB), str(started)]
    with subprocess.Popen([sys.executable, "-c", service, *arguments]) as process:
        wait_for(lambda: started.exists() and len(started.read_text().split()) == 2)
        process.kill()
    child, warm = map(int, started.read_text().split())
    wait_for(lambda: not alive(child) and not alive(warm))


def test_a_broken_interpreter_is_a_clear_failure(tmp_path: Path) -> None:
    broken = tmp_path / "virtualenvs" / "examples" / "bin" / "python"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    host = Host(tmp_path, system_packs=frozenset({"core"}))
    outcome = host.run("return 1")
    host.runner.close()
    assert outcome.status == "failed"
    assert "ends as soon as it is started" in outcome.result["error"] or "unexpectedly" in outcome.result["error"]


def test_bad_parameters(host: Host) -> None:
    assert 'Parameter "timeout"' in host.run("pass", timeout=-5).result["error"]
    assert 'Parameter "env"' in host.run("pass", env={"": "x"}).result["error"]
    assert "has no entry_point" in host.runner.run(make_run("python-script", {})).result["error"]


class TestActionService:
    """Against a stand-in for the API that keeps items in memory; what it is asked is looked at too."""

    @pytest.fixture
    def api(self) -> Iterator[WebServer]:
        items: dict[str, dict[str, Any]] = {}

        def answer(request: Received) -> Answer:
            path = unquote(request.path)
            name = path.removeprefix("/v1/keys/")
            if path == "/v1/user":
                return Answer(200, b'{"username": "joe"}')
            if path == "/v1/keys":
                start = request.query.get("prefix", [""])[0]
                return Answer(200, json.dumps([item for key, item in items.items() if key.startswith(start)]).encode())
            if name == "broken":
                return Answer(500, b"oops")
            if request.method == "PUT":
                items[name] = {"id": "1", "secret": False, **json.loads(request.body)}
            if name not in items:
                return Answer(404, b'{"faultstring": "no such item"}')
            if request.method == "DELETE":
                del items[name]
                return Answer(204)
            return Answer(200, json.dumps(items[name]).encode())

        with WebServer({"/v1": answer}) as server:
            yield server

    def call(self, host: Host, api: WebServer, body: str) -> Any:
        run = host.prepare(body)
        outcome = host.runner.run(replace(run, api_url=api.url("/v1")))
        assert outcome.status == "succeeded", outcome.result["stderr"]
        return outcome.result["result"]

    def test_values_come_and_go(self, host: Host, api: WebServer) -> None:
        body = (
            "s = self.action_service\n"
            "seen = [s.get_value('a'), s.set_value('a', 5, ttl=60), s.get_value('a'), s.get_value('a', local=False)]\n"
            "s.datastore_service.set_value(name='b', value='x', local=False, encrypt=True)\n"
            "seen.append([(kv.name, kv.value) for kv in s.list_values()])\n"
            "seen.append([kv.name for kv in s.list_values(local=False, prefix='b', limit=5, offset=2)])\n"
            "seen += [s.delete_value('a'), s.delete_value('a'), s.get_user_info()]\n"
            "return seen"
        )
        assert self.call(host, api, body) == [
            None, True, "5", None, [["examples.Act:a", "5"]], ["b"], True, False, {"username": "joe"},
        ]  # fmt: skip
        assert {request.headers["X-Auth-Token"] for request in api.received} == {"token-of-the-run"}
        puts = [json.loads(request.body) for request in api.received if request.method == "PUT"]
        assert puts == [
            {"name": "examples.Act:a", "value": "5", "scope": "system", "ttl": 60},
            {"name": "b", "value": "x", "scope": "system", "secret": True},
        ]
        lists = [request.query for request in api.received if request.path == "/v1/keys"]
        assert lists[0] == {"prefix": ["examples.Act:"], "limit": ["100"]}
        assert lists[1] == {"prefix": ["b"], "limit": ["5"], "offset": ["2"]}

    def test_decryption_is_asked_for(self, host: Host, api: WebServer) -> None:
        self.call(host, api, "return self.action_service.get_value('a', decrypt=True)")
        assert api.received[0].query == {"scope": ["system"], "decrypt": ["true"]}

    def test_errors_of_reading_are_logged_and_give_nothing(self, host: Host, api: WebServer) -> None:
        run = host.prepare("return self.action_service.get_value('broken', local=False)")
        outcome = host.runner.run(replace(run, api_url=api.url("/v1")))
        assert outcome.result["result"] is None
        assert "broken cannot be read: 500" in outcome.result["stderr"]
        gone = host.runner.run(replace(run, api_url="http://127.0.0.1:1/v1"))
        assert "the API does not answer" in gone.result["stderr"]

    def test_other_scopes_are_refused(self, host: Host, api: WebServer) -> None:
        run = host.prepare("self.action_service.get_value('a', scope='user')")
        assert 'Scope "user" is not supported' in host.runner.run(run).result["stderr"]
        assert api.received == []

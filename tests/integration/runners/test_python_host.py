"""The processes behind the python runner: time limits, cancellation, crashes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from st2lite.executions.protocol import Outcome
from st2lite.runners.python_host import HostPool
from tests.processes import PATIENCE, alive, wait_for
from tests.python_pack import PACKLIB, PythonPack

SPRAWL = (
    "import subprocess\n"
    "pids = [subprocess.Popen(['sleep', '300']).pid, subprocess.Popen(['sleep', '300'], start_new_session=True).pid]\n"
    "open(given['file'], 'w').write(' '.join(map(str, [*pids, os.getpid()])))\n"
    "subprocess.run(['sleep', '300'])"
)


Later = Callable[[Callable[[], object]], int]


def written(path: Path) -> bool:
    return path.exists() and len(path.read_text().split()) == 3


def pids_in(path: Path) -> list[int]:
    wait_for(lambda: written(path))
    return [int(pid) for pid in path.read_text().split()]


def test_timeout_ends_the_whole_tree(host: PythonPack, tmp_path: Path, later: Later) -> None:
    pids = tmp_path / "pids"
    limit = later(lambda: written(pids))
    outcome = host.run("print('before')\n" + SPRAWL, {"file": str(pids)}, timeout=limit)
    assert outcome.status == "timeout"
    assert outcome.result == {
        "result": "None",
        "stdout": "before\n",
        "stderr": "",
        "exit_code": -9,
        "error": f"Action failed to complete in {limit} seconds",
    }
    started = pids_in(pids)
    wait_for(lambda: not any(map(alive, started)))
    assert host.run("return 1").result["result"] == 1


def test_cancellation_ends_the_whole_tree(host: PythonPack, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    run = host.prepare(SPRAWL, {"file": str(pids)}, timeout=300)
    thread = threading.Thread(target=host.runner.run, args=(run,))
    thread.start()
    started = pids_in(pids)
    run.cancellation.request()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    wait_for(lambda: not any(map(alive, started)))


def test_a_run_canceled_before_it_began_ends_at_once(host: PythonPack) -> None:
    run = host.prepare("import time; time.sleep(300)")
    run.cancellation.request()
    assert host.runner.run(run).status == "failed"


def test_many_at_the_same_time_share_one_interpreter(host: PythonPack) -> None:
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
        thread.join(PATIENCE)
    assert [outcomes[n].result["result"][0] for n in range(20)] == list(range(20))
    assert [outcomes[n].result["stdout"] for n in range(20)] == [f"{n}\n" for n in range(20)]
    assert len({outcome.result["result"][1] for outcome in outcomes.values()}) == 1


def test_nothing_of_the_host_leaks_into_an_action(host: PythonPack) -> None:
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


def test_threads_and_exit_functions_are_waited_for(host: PythonPack) -> None:
    body = (
        "import atexit, threading, time\n"
        "atexit.register(print, 'exit')\n"
        "threading.Thread(target=lambda: (time.sleep(0.2), print('thread'))).start()\n"
        "return 1"
    )
    outcome = host.run(body)
    assert (outcome.result["result"], outcome.result["stdout"]) == (1, "thread\nexit\n")


def host_pid(host: PythonPack) -> int:
    return int(host.run("return os.getppid()").result["result"])


def test_a_killed_host_fails_what_runs_and_is_replaced(host: PythonPack, tmp_path: Path) -> None:
    first = host_pid(host)
    started = tmp_path / "started"
    run = host.prepare("open(given['file'], 'w').write(str(os.getpid())); import time; time.sleep(300)",
                       {"file": str(started)})  # fmt: skip
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(host.runner.run(run)))
    thread.start()
    wait_for(lambda: started.exists() and started.read_text())
    os.kill(first, signal.SIGKILL)
    thread.join(PATIENCE)
    assert outcomes[0].status == "failed"
    assert "host process of python actions ended unexpectedly" in outcomes[0].result["error"]
    wait_for(lambda: not alive(int(started.read_text())))
    assert host_pid(host) != first


def test_a_host_ignores_the_signals_that_stop_the_service(host: PythonPack) -> None:
    first = host_pid(host)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(first, number)
    assert host_pid(host) == first


def test_an_idle_host_ends_and_the_next_action_gets_a_new_one(tmp_path: Path) -> None:
    host = PythonPack(tmp_path)
    host.runner._hosts = HostPool(PACKLIB, idle=0.1)
    first = host_pid(host)
    wait_for(lambda: not Path(f"/proc/{first}").exists())
    assert host_pid(host) != first
    host.runner.close()


def test_close_ends_running_actions(tmp_path: Path) -> None:
    host = PythonPack(tmp_path)
    started = tmp_path / "started"
    run = host.prepare("open(given['file'], 'w').write(str(os.getpid())); import time; time.sleep(300)",
                       {"file": str(started)})  # fmt: skip
    thread = threading.Thread(target=host.runner.run, args=(run,))
    thread.start()
    wait_for(lambda: started.exists() and started.read_text())
    host.runner.close()
    thread.join(PATIENCE)
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
    host = PythonPack(tmp_path, system_packs=frozenset({"core"}))
    outcome = host.run("return 1")
    host.runner.close()
    assert outcome.status == "failed"
    assert "ends as soon as it is started" in outcome.result["error"] or "unexpectedly" in outcome.result["error"]


def test_a_child_is_killed_with_its_host_before_it_leads_a_group() -> None:
    script = (
        "import os, signal, socket, time\n"
        "from st2lite_actions.host import Host\n"
        "host = Host(socket.socketpair()[0], 1.0)\n"
        "child = os.fork() or time.sleep(600) or os._exit(0)\n"
        "host._children[child] = socket.socketpair()[0]\n"
        "host._kill_children()\n"
        "print(os.WTERMSIG(os.waitpid(child, 0)[1]))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": str(PACKLIB)}, capture_output=True, timeout=PATIENCE
    )
    assert ended.stdout == b"9\n", ended.stderr

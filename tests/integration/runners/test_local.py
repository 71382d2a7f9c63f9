"""The local runners with real processes."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from st2lite.executions.protocol import Outcome, Runner
from st2lite.runners import local
from tests.processes import PATIENCE, alive, let_others_in, nothing_left_behind, wait_for
from tests.runs import Output, make_run, make_settings


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return local.create(make_settings(tmp_path))


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    with nothing_left_behind(patience=0):
        yield


def shell(runner: Runner, cmd: str, **parameters: Any) -> Outcome:
    return runner.run(make_run("local-shell-cmd", {"cmd": cmd, "timeout": 60, **parameters}))


def script(runner: Runner, path: Path, text: str, **more: Any) -> Outcome:
    path.write_text(text)
    run = make_run("local-shell-script", more.pop("runner_parameters", {}), entry_point=path, **more)
    return runner.run(run)


@pytest.mark.parametrize(
    ("cmd", "code", "status", "stdout", "stderr"),
    [
        ("true", 0, "succeeded", "", ""),
        ("echo hello; echo problem >&2", 0, "succeeded", "hello", "problem"),
        ("exit 3", 3, "failed", "", ""),
        ("kill -9 $$", -9, "timeout", "", ""),
        ("kill -15 $$", -15, "abandoned", "", ""),
        ("kill -11 $$", -11, "failed", "", ""),
        ("echo 5", 0, "succeeded", 5, ""),
        ("echo '\"x\"'; echo null >&2", 0, "succeeded", "x", None),
        ("echo '{\"a\": [1]}'", 0, "succeeded", {"a": [1]}, ""),
        ("printf 'a\\n\\n'", 0, "succeeded", "a\n", ""),
        ("printf '\\303\\251\\377'", 0, "succeeded", "é\ufffd", ""),
        ("printf 'a\\000b'", 0, "succeeded", "a\0b", ""),
        ("cat", 0, "succeeded", "", ""),
        ("no-such-command-here", 127, "failed", "", "/bin/sh: 1: no-such-command-here: not found"),
    ],
)
def test_shapes(runner: Runner, cmd: str, code: int, status: str, stdout: Any, stderr: Any) -> None:
    outcome = shell(runner, cmd)
    assert outcome.status == status
    assert outcome.result == {
        "succeeded": code == 0,
        "failed": code != 0,
        "return_code": code,
        "stdout": stdout,
        "stderr": stderr,
    }


def test_environment_and_directory(runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INHERITED", "yes")
    command = 'echo "$INHERITED $MINE $ST2_ACTION_PACK_NAME $ST2_ACTION_AUTH_TOKEN"; pwd >&2'
    env = {"MINE": "a b", "ST2_ACTION_PACK_NAME": "forged"}
    outcome = shell(runner, command, env=env, cwd=str(tmp_path))
    assert outcome.result["stdout"] == "yes a b examples token-of-the-run"
    assert outcome.result["stderr"] == str(tmp_path)


def test_output_arrives_while_the_command_runs(runner: Runner, tmp_path: Path) -> None:
    go = tmp_path / "go"

    class Impatient(Output):
        def write(self, output_type: str, text: str) -> None:
            super().write(output_type, text)
            go.touch()

    sink = Impatient()
    run = make_run("local-shell-cmd", {"cmd": f"printf '\\303'; until [ -e {go} ]; do sleep 0.01; done; echo x >&2"})
    waiting = make_run("local-shell-cmd", {"cmd": f"echo one; until [ -e {go} ]; do sleep 0.01; done; echo two"})
    assert runner.run(replace(waiting, output=sink)).result["stdout"] == "one\ntwo"
    assert sink.pieces == [("stdout", "one\n"), ("stdout", "two\n")]
    runner.run(replace(run, output=sink))
    assert sorted(sink.pieces[2:]) == [("stderr", "x\n"), ("stdout", "\ufffd")]


def test_a_character_cut_in_two_is_put_together(runner: Runner, tmp_path: Path) -> None:
    cmd = "printf '\\303'; sleep 0.2; printf '\\251'"
    assert shell(runner, cmd).result["stdout"] == "é"


def test_huge_output_is_bounded_and_says_so(runner: Runner) -> None:
    outcome = shell(runner, "head -c 11000000 /dev/zero | tr '\\0' x; echo end >&2")
    assert outcome.status == "succeeded"
    assert outcome.result["stdout"] == "x" * 10 * 1024 * 1024
    assert outcome.result["stderr"] == "end"
    assert outcome.result["error"] == "Only the first 10485760 bytes of stdout were kept."


SPRAWL = (
    "sleep 300 & echo $! >> {0}; setsid sleep 300 & echo $! >> {0}; (sh -c 'sleep 300 & echo $! >> {0}; wait'); wait"
)


Later = Callable[[Callable[[], object]], int]


def written(path: Path, count: int) -> bool:
    return path.exists() and len(path.read_text().split()) == count


def pids_in(path: Path, count: int) -> list[int]:
    wait_for(lambda: written(path, count))
    return [int(pid) for pid in path.read_text().split()]


def test_timeout_ends_the_whole_tree(runner: Runner, tmp_path: Path, later: Later) -> None:
    pids = tmp_path / "pids"
    limit = later(lambda: written(pids, 3))
    outcome = shell(runner, f"echo before; {SPRAWL.format(pids)}", timeout=limit)
    assert outcome.status == "timeout"
    assert outcome.result == {
        "succeeded": False,
        "failed": True,
        "return_code": -9,
        "stdout": "before",
        "stderr": "",
        "error": f"Action failed to complete in {limit} seconds",
    }
    started = pids_in(pids, 3)
    wait_for(lambda: not any(map(alive, started)))


def test_timeout_of_a_command_that_closed_its_output(runner: Runner) -> None:
    outcome = shell(runner, "exec >&- 2>&-; sleep 300", timeout=1)
    assert (outcome.status, outcome.result["return_code"]) == ("timeout", -9)


def test_timeout_is_kept_when_a_background_process_holds_the_output(
    runner: Runner, tmp_path: Path, later: Later
) -> None:
    pids = tmp_path / "pids"
    outcome = shell(runner, f"sleep 300 & echo $! >> {pids}", timeout=later(lambda: written(pids, 1)))
    assert outcome.status == "timeout"
    started = pids_in(pids, 1)
    wait_for(lambda: not any(map(alive, started)))


def test_a_daemon_that_lets_go_of_the_output_lives_on(runner: Runner, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    assert shell(runner, f"sleep 300 >/dev/null 2>&1 & echo $! >> {pids}").status == "succeeded"
    (pid,) = pids_in(pids, 1)
    assert alive(pid)
    os.kill(pid, 9)


def test_cancellation_ends_the_whole_tree(runner: Runner, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    run = make_run("local-shell-cmd", {"cmd": SPRAWL.format(pids), "timeout": 300})
    ended: list[Outcome] = []
    thread = threading.Thread(target=lambda: ended.append(runner.run(run)))
    thread.start()
    started = pids_in(pids, 3)
    run.cancellation.request()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    wait_for(lambda: not any(map(alive, started)))
    assert "error" not in ended[0].result


def test_a_run_canceled_before_it_began_ends_at_once(runner: Runner) -> None:
    run = make_run("local-shell-cmd", {"cmd": "sleep 300", "timeout": 300})
    run.cancellation.request()
    assert runner.run(run).status != "succeeded"


def test_a_failing_sink_leaves_no_process(runner: Runner) -> None:
    class Broken(Output):
        def write(self, output_type: str, text: str) -> None:
            raise ConnectionError("store is gone")

    run = make_run("local-shell-cmd", {"cmd": "echo x; sleep 300", "timeout": 300})
    with pytest.raises(ConnectionError):
        runner.run(replace(run, output=Broken()))


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"cmd": None}, 'Parameter "cmd" is missing'),
        ({"cmd": "true", "cwd": "/no/such"}, 'Parameter "cwd": there is no directory "/no/such"'),
        ({"cmd": "true", "timeout": -1}, 'Parameter "timeout" is -1'),
        ({"cmd": "true", "env": {"A=": "x"}}, 'Parameter "env"'),
        ({"cmd": "a\0b"}, "embedded null"),
        ({"cmd": ": " + "x" * 3_000_000}, "Argument list too long"),
        ({"cmd": "true", "content_version": "v1"}, 'Parameter "content_version"'),
    ],
)
def test_bad_parameters(runner: Runner, parameters: dict[str, Any], text: str) -> None:
    outcome = runner.run(make_run("local-shell-cmd", parameters))
    assert outcome.status == "failed"
    assert outcome.result["return_code"] == -1
    assert text in outcome.result["error"]


def test_a_command_with_an_entry_point_is_refused(runner: Runner, tmp_path: Path) -> None:
    outcome = runner.run(make_run("local-shell-cmd", {"cmd": "true"}, entry_point=tmp_path / "x.sh"))
    assert "entry_point" in outcome.result["error"]


def test_script_gets_arguments_untouched_by_a_shell(runner: Runner, tmp_path: Path) -> None:
    path = tmp_path / "show it.sh"
    outcome = script(
        runner,
        path,
        "#!/bin/sh\nprintf '%s|' \"$@\"\n",
        action_parameters={"named": "$(id) 'x'", "flag": True, "off": False, "last": ["a", "b c"], "first": None},
        schemas={"first": {"position": 0}, "last": {"position": 1}},
        runner_parameters={"kwarg_op": "-"},
    )
    assert outcome.result["stdout"] == "-named=$(id) 'x'|-flag||a,b c|"
    assert path.stat().st_mode & 0o111 == 0o111


def test_script_without_interpreter_line_is_run_by_the_shell(runner: Runner, tmp_path: Path) -> None:
    outcome = script(runner, tmp_path / "plain", "echo $1\n", action_parameters={"a": 1})
    assert (outcome.status, outcome.result["stdout"]) == ("succeeded", "--a=1")


def test_script_problems(runner: Runner, tmp_path: Path) -> None:
    missing = runner.run(make_run("local-shell-script", {}, entry_point=tmp_path / "absent.sh"))
    assert "does not exist" in missing.result["error"]
    interpreter = script(runner, tmp_path / "odd.sh", "#!/no/such/interpreter\n")
    assert "interpreter" in interpreter.result["error"]
    assert interpreter.status == "failed"
    nothing = runner.run(make_run("local-shell-script", {}))
    assert "has no entry_point" in nothing.result["error"]


def git(directory: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run(["git", "-C", str(directory), *identity, *arguments], check=True, capture_output=True)


def test_content_version_runs_the_script_of_that_revision(runner: Runner, tmp_path: Path) -> None:
    pack = tmp_path / "packs" / "examples"
    (pack / "actions").mkdir(parents=True)
    path = pack / "actions" / "say.sh"
    path.write_text("#!/bin/sh\necho old\n")
    git(pack, "init", "-q")
    git(pack, "add", ".")
    git(pack, "commit", "-q", "-m", "one")
    git(pack, "tag", "v1")
    path.write_text("#!/bin/sh\necho new\n")

    def say(**parameters: Any) -> Outcome:
        return runner.run(make_run("local-shell-script", parameters, entry_point=path, pack_dir=pack))

    assert say().result["stdout"] == "new"
    assert say(content_version="v1").result["stdout"] == "old"
    assert 'revision "v2"' in say(content_version="v2").result["error"]
    assert "not a git revision" in say(content_version="--force").result["error"]
    assert len(list((pack / ".git").glob("worktrees/*"))) == 0


needs_sudo = pytest.mark.skipif(
    not os.environ.get("CI") and (os.geteuid() != 0 or shutil.which("sudo") is None),
    reason="needs root and sudo",
)


@needs_sudo
class TestSudo:
    @pytest.fixture
    def as_nobody(self, tmp_path: Path) -> Runner:
        return local.create(make_settings(tmp_path, system_user="nobody", service_user="root"))

    def test_runs_as_the_system_user_with_the_environment(self, as_nobody: Runner) -> None:
        outcome = shell(as_nobody, 'id -un; echo "$ST2_ACTION_PACK_NAME $MINE $HOME"', env={"MINE": "$(id)"})
        assert outcome.result["stdout"] == f"nobody\nexamples $(id) {pwd.getpwnam('nobody').pw_dir}"

    def test_sudo_true_runs_as_root(self, as_nobody: Runner) -> None:
        assert shell(as_nobody, "id -un", sudo=True).result["stdout"] == "root"

    def test_nothing_secret_is_in_the_list_of_processes(self, as_nobody: Runner) -> None:
        outcome = shell(as_nobody, "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '", sudo_password="hunter2")
        assert outcome.status in {"succeeded", "failed"}
        assert "token-of-the-run" not in outcome.result["stdout"]
        assert "hunter2" not in outcome.result["stdout"]

    def test_script_arguments_survive_the_shell_of_sudo(self, as_nobody: Runner, tmp_path: Path) -> None:
        let_others_in(tmp_path)
        outcome = script(
            as_nobody,
            tmp_path / "a b.sh",
            "#!/bin/sh\nprintf '%s|' \"$@\"; id -un\n",
            action_parameters={"x": "'$(id)"},
        )
        assert outcome.result["stdout"] == "--x='$(id)|nobody"

    def test_timeout_reaches_behind_sudo(self, as_nobody: Runner, tmp_path: Path, later: Later) -> None:
        let_others_in(tmp_path)
        tmp_path.chmod(0o777)
        pids = tmp_path / "pids"
        outcome = shell(as_nobody, SPRAWL.format(pids), timeout=later(lambda: written(pids, 3)))
        assert outcome.status == "timeout"
        started = pids_in(pids, 3)
        wait_for(lambda: not any(map(alive, started)))

    def test_exit_code_and_signal_pass_through(self, as_nobody: Runner) -> None:
        assert shell(as_nobody, "exit 7").result["return_code"] == 7

    def test_a_wrong_sudo_password(self, tmp_path: Path) -> None:
        # Root is never asked, so the runner becomes somebody else, once it has imported what it may not read then.
        source = (
            "import sys, json, os; sys.path[:0] = json.loads(sys.argv[1])\n"
            "from pathlib import Path\n"
            "from st2lite.runners import local\n"
            "from tests.runs import make_run, make_settings\n"
            "runner = local.create(make_settings(Path('/')))\n"
            "runner.run(make_run('local-shell-cmd', {'cmd': 'true', 'sudo': True}))\n"
            "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            "run = make_run('local-shell-cmd', {'cmd': 'id', 'sudo': True, 'sudo_password': 'hunter2'})\n"
            "print(json.dumps(runner.run(run).result))\n"
        )
        program = [sys.executable, "-c", source, json.dumps(sys.path)]
        done = subprocess.run(program, capture_output=True, text=True, check=True, cwd="/")
        result = json.loads(done.stdout)
        assert (result["return_code"], result["failed"], result["stdout"]) == (-1, True, "")
        assert "sudo refused" in result["error"]
        assert "hunter2" not in done.stdout

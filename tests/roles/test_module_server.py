"""Modules that run in forks of one process do what they do in a Python of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import ansible
import pytest

from tests.roles.role import ROOT

_HOST = ROOT / "packaging" / "host"
_CLIENT = [sys.executable, "-IS", str(_HOST / "warm-python")]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Socket of a server."""
    path = tmp_path_factory.mktemp("server") / "socket"
    arguments = [sys.executable, str(_HOST / "module_server.py"), str(Path(ansible.__file__).parents[1]), str(path)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, env={**os.environ, "FROM": "the server"}) as server:
        while not path.exists() and server.poll() is None:
            time.sleep(0.01)
        yield str(path)
        assert server.stdin is not None
        server.stdin.close()
        assert server.wait(timeout=60) == 0


def _run(program: str, address: str, directory: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ST2_MODULE_SERVER": address, "OF": "the client"}
    return subprocess.run(
        _CLIENT, input=program, env=environment, cwd=directory, umask=0o027, capture_output=True, text=True, check=False
    )


def test_a_program_finds_what_its_client_has(address: str, tmp_path: Path) -> None:
    program = """
import atexit, os, sys
atexit.register(print, "and ended")
open("made", "w")
print(os.getcwd(), os.environ["OF"], os.environ.get("FROM"), oct(os.stat("made").st_mode), __name__, flush=True)
print("ansible.module_utils.basic" in sys.modules, os.getppid() == int(os.environ.get("PARENT", "0")))
sys.stderr.write("wrong")
sys.exit(3)
"""
    done = _run(program, address, tmp_path)
    assert done.stdout.splitlines() == [
        f"{tmp_path} the client None 0o100640 __main__", "True False", "and ended",
    ]  # fmt: skip
    assert (done.returncode, done.stderr) == (3, "wrong")


def test_a_program_that_is_killed_has_failed(address: str, tmp_path: Path) -> None:
    done = _run(f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})", address, tmp_path)
    assert (done.returncode, done.stderr) == (1, "The process that ran the module was killed.\n")


def test_without_a_server_it_is_python(tmp_path: Path) -> None:
    done = _run("import sys; print('ansible.module_utils.basic' in sys.modules)", str(tmp_path / "none"), tmp_path)
    assert (done.stdout, done.returncode) == ("False\n", 0)
    done = subprocess.run([*_CLIENT, "--version"], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Python 3.")


_PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.wait_for:
        path: "{{ lookup('env', 'ST2_MODULE_SERVER') }}"
    - ansible.builtin.shell: tr '\\0' ' ' </proc/$PPID/cmdline; printenv WORD
      environment: {WORD: spoken}
      register: said
    - st2_places:
        directories:
          - {path: "{{ folder }}", owner: "{{ user }}", group: "{{ user }}", mode: "0750"}
    - ansible.builtin.stat:
        path: "{{ folder }}"
      register: found
    - ansible.builtin.assert:
        that:
          - said.stdout is search('module_server.py .* spoken')
          - found.stat.mode == '0750'
    - ansible.builtin.command:
        argv: [test, -e, "{{ folder }}/none"]
"""


def test_ansible_runs_its_modules_and_those_of_roles(tmp_path: Path) -> None:
    (tmp_path / "play.yml").write_text(_PLAY)
    facts = {
        "ansible_python_interpreter": _HOST / "warm-python",
        "folder": tmp_path / "folder",
        "user": Path(tmp_path).owner(),
    }
    environment = {
        **os.environ,
        "ST2_MODULE_SERVER": str(tmp_path / "socket"),
        "ANSIBLE_HOME": str(tmp_path),
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_LIBRARY": str(ROOT / "roles" / "st2" / "library"),
        "ANSIBLE_CALLBACK_PLUGINS": str(_HOST / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "st2_module_server",
    }
    program = Path(sys.executable).with_name("ansible-playbook")
    options = [f"-e{name}={value}" for name, value in facts.items()]
    done = subprocess.run(
        [program, "-i", "localhost,", "-c", "local", *options, tmp_path / "play.yml"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ok=5    changed=2" in done.stdout and "failed=1" in done.stdout, done.stdout + done.stderr
    assert (tmp_path / "folder").is_dir()

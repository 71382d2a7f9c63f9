"""Virtualenvs of packs, made by the real venv and pip; packages come from this machine alone."""

from __future__ import annotations

import base64
import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from st2lite.content.installation import virtualenvs
from st2lite.models.errors import ContentError, InvalidInput
from tests.git_repository import write_pack
from tests.integration.packs.conftest import Host
from tests.servers.web import Answer, Received, WebServer
from tests.wheels import write_wheel

OFFLINE = ("--no-index",)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    write_wheel(tmp_path / "wheels", "sunshine", "1.0.0")
    return tmp_path / "wheels"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "st2", pip_opts=OFFLINE)


def weather(directory: Path, requirements: str, version: str = "1.0.0") -> str:
    write_pack(directory / "weather", version)
    (directory / "weather" / "requirements.txt").write_text(requirements)
    return f"file://{directory}/weather"


def test_requirements_come_from_a_directory(
    host: Host, tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the service can import must not count as installed.
    (tmp_path / "service").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "service"))
    host.install(weather(tmp_path, "sunshine>=1\n"), virtualenvs=True, find_links=str(wheels))
    place = host.virtualenvs / "weather"
    assert host.python("weather", "import sunshine; print(sunshine.VERSION)") == "1.0.0"
    assert subprocess.run([place / "bin" / "sunshine"], capture_output=True, text=True).stdout == "1.0.0\n"
    assert host.python("weather", "import sys; print(sys.prefix)") == str(place)
    version = subprocess.run([place / "bin" / "pip", "--version"], capture_output=True, text=True).stdout
    assert version.startswith("pip ") and str(place.resolve()) in version
    assert any(line.startswith("Successfully installed sunshine") for line in host.told)

    built = place.readlink()
    host.install(weather(tmp_path, "sunshine>=1\n", "1.1.0"), virtualenvs=True, find_links=str(wheels))
    assert place.readlink() == built, "the same requirements need no new virtualenv"

    with pytest.raises(ContentError, match=r"(?s)requirements of the pack with pip.*No matching distribution.*rain"):
        host.install(weather(tmp_path, "sunshine>=1\nrain\n", "2.0.0"), virtualenvs=True, find_links=str(wheels))
    assert host.version("weather") == "1.1.0"
    assert host.python("weather", "import sunshine; print(sunshine.VERSION)") == "1.0.0"
    assert host.leftovers == []

    write_wheel(wheels, "sunshine", "2.0.0")
    say = host.told.append
    host.host.virtualenvs.setup("weather", host.packs / "weather", say, find_links=str(wheels))
    assert host.python("weather", "import sunshine; print(sunshine.VERSION)") == "2.0.0"
    assert place.readlink() != built
    assert host.leftovers == []


def test_a_pack_may_bring_its_wheels_along(host: Host, tmp_path: Path) -> None:
    source = weather(tmp_path, "sunshine\n")
    write_wheel(tmp_path / "weather" / "wheels", "sunshine", "3.0.0")
    # As people made it by hand: a directory, which has to give way.
    (host.virtualenvs / "weather" / "bin").mkdir(parents=True)
    host.install(source, virtualenvs=True)
    assert host.python("weather", "import sunshine; print(sunshine.VERSION)") == "3.0.0"
    assert host.leftovers == []
    assert not host.host.virtualenvs.setup("weather", host.packs / "weather", host.told.append, recreate=False)


def test_pip_goes_through_the_proxy(tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = wheels / "sunshine-1.0.0-py3-none-any.whl"

    def index(request: Received) -> Answer:
        if request.path.endswith(".whl"):
            return Answer(200, wheel.read_bytes(), {"Content-Type": "application/zip"})
        return Answer(200, f'<a href="/simple/{wheel.name}">x</a>'.encode(), {"Content-Type": "text/html"})

    options = ("--index-url=http://packages.example/simple", "--trusted-host=packages.example")
    with WebServer({"/simple": index}) as proxy:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        host = Host(tmp_path / "st2", pip_opts=options)
        host.install(weather(tmp_path, "sunshine\n"), virtualenvs=True)
        assert proxy.received[0].target == "http://packages.example/simple/sunshine/"
    assert host.python("weather", "import sunshine; print(sunshine.VERSION)") == "1.0.0"


def test_what_everybody_may_read_holds_no_password_of_an_index(tmp_path: Path, wheels: Path) -> None:
    host = Host(tmp_path / "st2", pip_opts=(*OFFLINE, "--extra-index-url=http://me:hidden@packages.example/simple"))
    host.install(weather(tmp_path, "sunshine\n"), virtualenvs=True, find_links=str(wheels))
    place = (host.virtualenvs / "weather").resolve()
    assert [path for path in place.iterdir() if path.is_file() and "hidden" in path.read_text()] == []
    assert not any("hidden" in line for line in host.told)


def test_no_process_shows_the_password_of_an_index(
    tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While pip is asking the index, nothing of it stands in the list of processes; nor does it stay behind."""
    wheel = wheels / "sunshine-1.0.0-py3-none-any.whl"
    shown: list[bytes] = []
    users: set[str] = set()

    def index(request: Received) -> Answer:
        shown.extend(words for words in command_lines() if b"hidden" in words)
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        users.add(base64.b64decode(secret).decode() if kind == "Basic" else "")
        if request.path.endswith(".whl"):
            return Answer(200, wheel.read_bytes(), {"Content-Type": "application/zip"})
        return Answer(200, f'<a href="/private/{wheel.name}">x</a>'.encode(), {"Content-Type": "text/html"})

    (tmp_path / "netrc").write_text("machine elsewhere.example login you password yours\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("no_proxy", "*")
    with WebServer({"/private": index}) as server:
        host = Host(tmp_path / "st2", pip_opts=("-i", server.url("/private", "me:hidden@127.0.0.1")))
        links = server.url("/private/links", "me:hidden@127.0.0.1")
        host.install(weather(tmp_path, "sunshine\n"), virtualenvs=True, find_links=links)
    assert host.python("weather", "import sunshine; print(sunshine.VERSION)") == "1.0.0"
    assert shown == []
    assert users == {"me:hidden"}
    assert list((host.virtualenvs / "weather").resolve().glob(".netrc*")) == []


def command_lines() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # ended meanwhile
            yield path.read_bytes()


def test_options_are_not_smuggled_in(host: Host, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="find_links"):
        host.install(weather(tmp_path, ""), virtualenvs=True, find_links="--index-url=x")


def test_a_python_that_keeps_its_pip_elsewhere(
    host: Host, tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(virtualenvs, "_SEED", tmp_path / "nothing.py")
    host.install(weather(tmp_path, "sunshine\n"), virtualenvs=True, find_links=str(wheels))
    assert host.python("weather", "import sunshine; print(sunshine.VERSION)") == "1.0.0"


def test_a_python_that_is_not_there(tmp_path: Path) -> None:
    host = Host(tmp_path / "st2", python="/nowhere/python")
    with pytest.raises(ContentError, match="/nowhere/python cannot be started"):
        host.install(weather(tmp_path, ""), virtualenvs=True)
    assert not (host.packs / "weather").exists()
    assert list(host.virtualenvs.iterdir()) == []

"""Installing, upgrading and removing packs, from every kind of source."""

from __future__ import annotations

import grp
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from st2lite.models.errors import ContentError, InvalidInput
from tests.git_repository import GitRepository, pack_repository, write_pack
from tests.integration.packs.conftest import Host
from tests.servers.ports import free_ports
from tests.servers.web import Answer, WebServer


@pytest.fixture
def weather(tmp_path: Path) -> GitRepository:
    """Versions 1.0.0 and 2.0.0 with tags, and a branch `next` with 3.0.0."""
    repository = pack_repository(tmp_path / "sources" / "weather", "1.0.0", "2.0.0")
    repository.git("checkout", "--quiet", "-b", "next")
    write_pack(repository.directory, "3.0.0")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    return repository


class TestGit:
    @pytest.mark.parametrize(
        ("ref", "version"),
        [(None, "2.0.0"), ("next", "3.0.0"), ("v1.0.0", "1.0.0"), ("1.0.0", "1.0.0"), ("main", "2.0.0")],
    )
    def test_refs(self, host: Host, weather: GitRepository, ref: str | None, version: str) -> None:
        done = host.install(f"{weather.url}={ref}" if ref else weather.url)
        assert (done.packs, host.version("weather"), host.registry.versions) == (
            ["weather"], version, {"weather": version},
        )  # fmt: skip
        assert host.leftovers == []

    def test_a_commit(self, host: Host, weather: GitRepository) -> None:
        commit = weather.git("rev-parse", "v1.0.0^{commit}")
        host.install(f"{weather.url}={commit[:10]}")
        assert host.version("weather") == "1.0.0"

    def test_an_unknown_ref_lists_the_versions(self, host: Host, weather: GitRepository) -> None:
        with pytest.raises(ContentError, match=r'"9.9.9" is not a valid version.*Available versions are: 1.0.0, 2.0.0'):
            host.install(f"{weather.url}=9.9.9")
        assert not host.packs.joinpath("weather").exists()
        assert host.leftovers == []

    def test_no_repository_at_all(self, host: Host, tmp_path: Path) -> None:
        with pytest.raises(ContentError, match=r"Cannot clone http://127.0.0.1:1/x.git"):
            host.install("http://user:secret@127.0.0.1:1/x.git")
        empty = GitRepository(tmp_path / "empty")
        with pytest.raises(ContentError, match="no commit"):
            host.install(empty.url)

    def test_a_branch_can_be_pulled_afterwards(self, host: Host, weather: GitRepository) -> None:
        host.install(weather.url)
        write_pack(weather.directory, "4.0.0")
        weather.commit()
        subprocess.run(["git", "-C", host.packs / "weather", "pull", "--quiet"], check=True)
        assert host.version("weather") == "4.0.0"

    def test_a_variable_of_another_repository_does_not_lead_astray(
        self, host: Host, weather: GitRepository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_DIR", "/nowhere")
        host.install(weather.url)
        assert host.version("weather") == "2.0.0"

    def test_over_the_network(self, host: Host, weather: GitRepository) -> None:
        (port,) = free_ports(1)
        command = ["git", "daemon", "--export-all", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}"]
        daemon = subprocess.Popen(
            [*command, f"--base-path={weather.directory.parent}", "--verbose", "--informative-errors"],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert daemon.stderr is not None
        try:
            assert "Ready" in daemon.stderr.readline()
            host.install(f"git://127.0.0.1:{port}/weather/.git=1.0.0")
        finally:
            daemon.terminate()
            daemon.wait()
            daemon.stderr.close()
        assert host.version("weather") == "1.0.0"

    def test_a_password_is_sent_and_kept_nowhere(self, host: Host, weather: GitRepository) -> None:
        weather.git("update-server-info")
        root = weather.directory / ".git"
        seen = []

        def serve(request: object) -> Answer:
            seen.append(request.headers.get("Authorization"))  # type: ignore[attr-defined]
            if seen[-1] != "Basic dXNlcjpzM2NyZXQ=":
                return Answer(401, b"", {"WWW-Authenticate": 'Basic realm="git"'})
            path = root / request.path.removeprefix("/weather.git/")  # type: ignore[attr-defined]
            return Answer(200, path.read_bytes()) if path.is_file() else Answer(404)

        with WebServer({"/weather.git": serve}) as server:
            host.install(f"http://user:s3cret@127.0.0.1:{server.port}/weather.git")
        assert host.version("weather") == "2.0.0"
        assert seen
        assert "s3cret" not in (host.packs / "weather" / ".git" / "config").read_text()
        assert not any("s3cret" in line for line in host.told)


class TestFoldersAndArchives:
    def test_a_plain_folder(self, host: Host, tmp_path: Path) -> None:
        source = write_pack(tmp_path / "weather")
        (source / "__pycache__").mkdir()
        host.install(f"file://{source}=v1.0.0")
        assert host.version("weather") == "1.0.0"
        assert not (host.packs / "weather" / "__pycache__").exists()
        with pytest.raises(ContentError, match=r"there is only version 1\.0\.0, not 2\.0\.0"):
            host.install(f"file://{source}=2.0.0")
        with pytest.raises(InvalidInput, match="no directory /nowhere"):
            host.install("file:///nowhere")

    @pytest.mark.parametrize("form", ["gztar", "zip"])
    def test_an_archive(self, host: Host, tmp_path: Path, form: str) -> None:
        write_pack(tmp_path / "in" / "weather")
        archive = shutil.make_archive(str(tmp_path / "weather-1.0.0"), form, tmp_path / "in")
        host.install(archive)
        assert host.version("weather") == "1.0.0"
        with WebServer({"/files": lambda request: Answer(200, Path(archive).read_bytes())}) as server:
            host.uninstall("weather")
            host.install(server.url(f"/files/{Path(archive).name}"))
        assert host.version("weather") == "1.0.0"
        assert host.leftovers == []

    def test_a_malicious_archive_changes_nothing(self, host: Host, tmp_path: Path) -> None:
        host.install(f"file://{write_pack(tmp_path / 'weather')}")
        link = tarfile.TarInfo("weather/actions")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        with tarfile.open(tmp_path / "evil.tgz", "w:gz") as tar:
            tar.add(write_pack(tmp_path / "new" / "weather", "2.0.0") / "pack.yaml", "weather/pack.yaml")
            tar.addfile(link)
        with pytest.raises(ContentError, match="symbolic link"):
            host.install(str(tmp_path / "evil.tgz"))
        assert host.version("weather") == "1.0.0"
        assert host.leftovers == []

    def test_the_reference_may_come_from_the_source(self, host: Host, tmp_path: Path) -> None:
        host.install(f"file://{write_pack(tmp_path / 'my_weather', name='The Weather')}")
        assert host.registry.versions == {"my_weather": "1.0.0"}

    @pytest.mark.parametrize("text", ["name: x\n", "version: [\n", "name: ../x\n"])
    def test_what_is_no_pack(self, host: Host, tmp_path: Path, text: str) -> None:
        (tmp_path / "thing").mkdir()
        (tmp_path / "thing" / "pack.yaml").write_text(text)
        with pytest.raises(ContentError, match=r"pack\.yaml"):
            host.install(f"file://{tmp_path / 'thing'}")
        assert host.leftovers == []

    def test_system_packs_are_refused(self, host: Host, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match='"core" comes with st2lite'):
            host.install(f"file://{write_pack(tmp_path / 'core')}")
        with pytest.raises(InvalidInput, match='"packs" comes with st2lite'):
            host.uninstall("packs")


class TestPermissions:
    def test_everybody_may_read_and_the_group_may_write(self, tmp_path: Path) -> None:
        source = write_pack(tmp_path / "weather")
        (source / "actions").chmod(0o700)
        (source / "actions" / "tell.py").chmod(0o700)
        (source / "pack.yaml").chmod(0o600)
        modes = {}
        for group in (grp.getgrgid(os.getgid()).gr_name, "no_such_group"):
            host = Host(tmp_path / group, group=group)
            host.install(f"file://{source}")
            old = host.packs / "weather" / "config.yaml"
            old.write_text("token: secret\n")
            old.chmod(0o600)
            host.install(f"file://{source}")
            files = ("", "actions", "actions/tell.py", "pack.yaml", "config.yaml")
            modes[group] = [oct((host.packs / "weather" / name).stat().st_mode & 0o777) for name in files]
        assert list(modes.values()) == [
            ["0o775", "0o775", "0o775", "0o664", "0o600"], ["0o755", "0o755", "0o755", "0o644", "0o600"],
        ]  # fmt: skip

    def test_members_of_the_group_can_take_turns(self, tmp_path: Path) -> None:
        host = Host(tmp_path, group=grp.getgrgid(os.getgid()).gr_name)
        host.install(f"file://{write_pack(tmp_path / 'weather')}")
        locks = host.packs / ".locks"
        assert [oct(path.stat().st_mode & 0o777) for path in (locks, locks / "weather")] == ["0o775", "0o664"]


class TestFit:
    def test_versions_of_stackstorm_and_python(self, host: Host, tmp_path: Path) -> None:
        modern = write_pack(tmp_path / "modern", stackstorm_version='">=2.8.0, <4.0.0"', python_versions='["3"]')
        future = write_pack(tmp_path / "future", stackstorm_version='">=5.0.0"')
        ancient = write_pack(tmp_path / "ancient", python_versions='["2"]')
        host.install(f"file://{modern}")
        with pytest.raises(ContentError, match=r'requires StackStorm ">=5.0.0".*with force'):
            host.install(f"file://{future}")
        with pytest.raises(ContentError, match=r"only Python 2\.x"):
            host.install(f"file://{ancient}")
        done = host.install(f"file://{future}", f"file://{ancient}", force=True)
        assert len(done.warnings) == 2
        assert sorted(host.registry.versions) == ["ancient", "future", "modern"]

    def test_actions_that_cannot_run_are_named(self, host: Host, tmp_path: Path) -> None:
        pack = write_pack(tmp_path / "flows")
        for number in range(7):
            kind = "orquesta" if number else "local-shell-cmd"
            (pack / "actions" / f"a{number}.yaml").write_text(f'name: a{number}\nrunner_type: "{kind}"\n')
        (text,) = host.install(f"file://{pack}").warnings
        assert text == (
            'Pack "flows": 6 actions are left out, because this release lacks their workflow engine: '
            "a1, a2, a3, a4, a5, …."
        )


class TestUpgrade:
    def test_the_old_configuration_stays(self, host: Host, weather: GitRepository) -> None:
        host.install(f"{weather.url}=1.0.0")
        (host.packs / "weather" / "config.yaml").write_text("city: Bern\n")
        (host.packs / "weather" / "stale.txt").touch()
        host.install(f"{weather.url}=2.0.0")
        assert (host.packs / "weather" / "config.yaml").read_text() == "city: Bern\n"
        assert not (host.packs / "weather" / "stale.txt").exists()

    def test_a_pack_that_cannot_be_registered_is_taken_back(self, host: Host, weather: GitRepository) -> None:
        host.install(f"{weather.url}=1.0.0")
        (weather.directory / "broken").touch()
        weather.commit()
        with pytest.raises(ContentError, match="weather is broken"):
            host.install(weather.url)
        assert (host.version("weather"), host.registry.versions) == ("1.0.0", {"weather": "1.0.0"})
        host.uninstall("weather")
        with pytest.raises(ContentError, match="weather is broken"):
            host.install(weather.url)
        assert not (host.packs / "weather").exists()
        assert host.leftovers == []

    def test_the_next_installation_mends_what_a_crash_left(self, host: Host, weather: GitRepository) -> None:
        host.install(f"{weather.url}=1.0.0")
        crashing = (
            "import os, sys\n"
            "from pathlib import Path\n"
            "from tests.integration.packs.conftest import Host\n"
            "host = Host(Path(sys.argv[1]))\n"
            "host.registry.register = lambda pack: os._exit(9)\n"
            "host.install(sys.argv[2])\n"
        )
        command = [sys.executable, "-c", crashing, host.base, f"{weather.url}=next"]
        ended = subprocess.run(command, cwd=Path(__file__).parents[3], check=False)
        assert ended.returncode == 9
        assert host.version("weather") == "3.0.0"
        (left,) = host.leftovers
        yesterday = time.time() - 100_000
        os.utime(host.packs / left, (yesterday, yesterday))
        host.install(f"{weather.url}=2.0.0")
        assert (host.version("weather"), host.registry.versions) == ("2.0.0", {"weather": "2.0.0"})
        assert host.leftovers == []

    def test_a_link_is_replaced_and_what_it_led_to_stays(
        self, host: Host, tmp_path: Path, weather: GitRepository
    ) -> None:
        mine = write_pack(tmp_path / "checkout" / "weather", "0.1.0")
        host.packs.mkdir(parents=True)
        (host.packs / "weather").symlink_to(mine)
        host.install(weather.url)
        assert host.version("weather") == "2.0.0"
        assert (mine / "pack.yaml").exists()

    def test_all_at_once(self, host: Host, weather: GitRepository) -> None:
        """Several processes may install the same pack: one after the other, and never is there none."""
        host.install(weather.url)
        missing = threading.Event()
        done = threading.Event()

        def watch() -> None:
            while not done.is_set():
                if not (host.packs / "weather" / "pack.yaml").exists():
                    missing.set()

        watcher = threading.Thread(target=watch)
        watcher.start()
        hosts = [Host(host.base) for _ in range(3)]
        threads = [
            threading.Thread(target=other.install, args=(f"{weather.url}={version}",))
            for other, version in zip(hosts, ("1.0.0", "2.0.0", "next"), strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        done.set()
        watcher.join()
        last = {other.registry.versions["weather"] for other in hosts}
        assert last == {"1.0.0", "2.0.0", "3.0.0"}
        assert host.version("weather") in last
        assert not missing.is_set()
        assert host.leftovers == []


class TestRemoval:
    def test_files_and_documents_go_and_the_configuration_file_stays(self, host: Host, weather: GitRepository) -> None:
        host.install(weather.url, virtualenvs=True)
        config = host.base / "configs" / "weather.yaml"
        config.parent.mkdir()
        config.write_text("city: Bern\n")
        assert host.uninstall("weather") == ["weather"]
        assert host.registry.versions == {}
        assert config.exists()
        assert not (host.packs / "weather").exists()
        assert list(host.virtualenvs.iterdir()) == []
        with pytest.raises(InvalidInput, match='"weather" is not installed'):
            host.uninstall("weather")

    @pytest.mark.parametrize("name", ["../x", "", "a/b", "_global", "Weather"])
    def test_only_packs(self, host: Host, name: str) -> None:
        with pytest.raises(InvalidInput):
            host.uninstall(name)


class TestIndex:
    @pytest.fixture
    def indexed(self, tmp_path: Path, weather: GitRepository) -> Iterator[Host]:
        forecast = write_pack(tmp_path / "medium" / "in" / "forecast", dependencies="[weather=1.0.0, helper]")
        write_pack(tmp_path / "medium" / "in2" / "helper", dependencies="[forecast]")
        for name, folder in (("forecast", "in"), ("helper", "in2")):
            shutil.make_archive(str(tmp_path / "medium" / name), "gztar", tmp_path / "medium" / folder)
        assert forecast.is_dir()
        offline = {"packs": {name: {"name": name, "repo_url": f"./{name}.tar.gz"} for name in ("forecast", "helper")}}
        (tmp_path / "medium" / "index.json").write_text(json.dumps(offline))
        online = {
            "metadata": {},
            "packs": {
                "weather": {"name": "weather", "version": "2.0.0", "repo_url": weather.url},
                "helper": {"name": "helper", "repo_url": "file:///nowhere"},
            },
        }
        body = json.dumps(online).encode()
        with WebServer({"/index.json": lambda request: Answer(200, body)}) as server:
            yield Host(tmp_path / "st2", (f"file://{tmp_path}/medium/index.json", server.url("/index.json")))

    def test_by_name_and_version(self, indexed: Host) -> None:
        indexed.install("weather")
        assert indexed.version("weather") == "2.0.0"
        indexed.install("weather=1.0.0")
        assert indexed.version("weather") == "1.0.0"
        with pytest.raises(InvalidInput, match='No record of the "nothing" pack'):
            indexed.install("nothing")

    def test_dependencies_come_along_and_first(self, indexed: Host) -> None:
        done = indexed.install("forecast")
        assert done.packs == ["forecast", "weather", "helper"]
        assert indexed.registry.versions == {"forecast": "1.0.0", "weather": "1.0.0", "helper": "1.0.0"}
        assert indexed.registry.calls[-1] == "register forecast"

    def test_without_dependencies(self, indexed: Host) -> None:
        assert indexed.install("forecast", skip_dependencies=True).packs == ["forecast"]

    def test_installed_dependencies_are_left_alone(self, indexed: Host) -> None:
        indexed.install("weather=1.0.0")
        assert indexed.install("forecast").packs == ["forecast", "helper"]
        assert indexed.registry.calls.count("register weather") == 1

    def test_conflicts_stop_everything(self, indexed: Host) -> None:
        indexed.install("weather")
        done = indexed.install("forecast")
        assert done.packs == []
        assert done.conflicts == ['weather: 1.0.0 wanted by "forecast", 2.0.0 is installed']
        assert list(indexed.registry.versions) == ["weather"]
        both = indexed.install("weather=2.0.0", "forecast")
        assert [text.split(":")[0] for text in both.conflicts] == ["weather"]

    def test_dependencies_without_end(self, tmp_path: Path, host: Host) -> None:
        for number in range(13):
            following = tmp_path / "chain" / f"pack{number + 1}"
            write_pack(tmp_path / "chain" / f"pack{number}", dependencies=f'["file://{following}"]')
        with pytest.raises(InvalidInput, match="more than 10 packs away"):
            host.install(f"file://{tmp_path}/chain/pack0")
        assert host.registry.versions == {}

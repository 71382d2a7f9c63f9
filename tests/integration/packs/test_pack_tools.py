"""st2-pack-install, st2-pack-download and st2-pack-setup-virtualenv, with nothing but a configuration file."""

from __future__ import annotations

from pathlib import Path

import pytest

from st2lite.commands.pack_tools import download, install, setup_virtualenv
from tests.git_repository import pack_repository, write_pack


@pytest.fixture
def config(tmp_path: Path) -> list[str]:
    path = tmp_path / "st2.conf"
    path.write_text(f"[system]\nbase_path = {tmp_path}/st2\n[content]\nindex_url =\n")
    return ["--config-file", str(path)]


def test_downloading_and_then_a_virtualenv(
    config: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = pack_repository(tmp_path / "weather", "1.0.0", "2.0.0")
    assert download([*config, f"{repository.url}=1.0.0"]) == 0
    assert f"st2-register-content --register-pack {tmp_path}/st2/packs/weather" in capsys.readouterr().out
    assert not (tmp_path / "st2" / "virtualenvs").exists()
    assert setup_virtualenv([*config, "weather"]) == 0
    assert (tmp_path / "st2" / "virtualenvs" / "weather" / "bin" / "python").exists()
    assert setup_virtualenv([*config, "nothing"]) == 1
    assert '"nothing" is not installed' in capsys.readouterr().err


def test_installing(config: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    future = write_pack(tmp_path / "future", stackstorm_version='">=9.0.0"', dependencies="[nothing]")
    assert install([*config, f"file://{future}"]) == 1
    assert "9.0.0" in capsys.readouterr().err
    assert install([*config, "--force", f"file://{future}"]) == 1
    assert "index_url" in capsys.readouterr().err
    assert install([*config, "--force", "--skip-dependencies", f"file://{future}"]) == 0
    told = capsys.readouterr()
    assert "Installed: future." in told.out
    assert "9.0.0" in told.err
    assert (tmp_path / "st2" / "virtualenvs" / "future" / "bin" / "python").exists()


def test_once_is_once_whatever_the_pack_is_called(
    config: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = f"file://{write_pack(tmp_path / 'weather').rename(tmp_path / 'st2-forecasts-of-ours')}"
    assert install([*config, "--once", source]) == 0
    assert "Installed: weather." in capsys.readouterr().out
    assert install([*config, "--once", source]) == 0
    assert capsys.readouterr().out == "Everything is there already.\n"
    (tmp_path / "st2" / "packs" / "weather").rename(tmp_path / "gone")
    assert install([*config, "--once", source]) == 0
    assert "Installed: weather." in capsys.readouterr().out
    assert install([*config, source]) == 0
    assert "Installed: weather." in capsys.readouterr().out


def test_mistakes_are_told_in_words(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert install([*config, "ext::sh"]) == 1
    assert "none of these" in capsys.readouterr().err
    assert install(["--config-file", "/nowhere.conf", "x"]) == 1
    assert "/nowhere.conf does not exist" in capsys.readouterr().err

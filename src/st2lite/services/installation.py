"""The installation that a command is about: that of an st2.conf, or a data directory of standalone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from st2lite.config.load import config_path, load
from st2lite.config.schema import Config
from st2lite.models.errors import InvalidInput
from st2lite.services.standalone import standalone_config


@dataclass(frozen=True)
class Installation:
    """An installation: its configuration, the file of that, and for standalone the data directory."""

    config: Config
    config_file: Path | None = None
    data_dir: Path | None = None

    def require(self) -> None:
        """Raise `InvalidInput` for a data directory in which standalone has never been."""
        if self.data_dir is not None and not (self.data_dir / "st2lite.db").exists():
            raise InvalidInput(f"--data-dir: there is no st2lite in {self.data_dir}.")


def installation(config_file: str | None, data_dir: Path | None) -> Installation:
    """The installation of a data directory of standalone, or of an st2.conf (None: the usual one)."""
    if data_dir is None:
        path = config_path(config_file)
        return Installation(load(path), path)
    data_dir = data_dir.expanduser().resolve()
    return Installation(standalone_config(data_dir, "127.0.0.1", 9101, []), None, data_dir)

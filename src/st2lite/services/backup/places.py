"""The files of an installation that a backup holds."""

from __future__ import annotations

from pathlib import Path

from st2lite.services.installation import Installation


def places_of(where: Installation) -> dict[str, Path]:
    """Map a name to each file and directory that is kept; those that do not exist are left out by whoever reads them.

    Virtualenvs are not kept: they hold what pip makes anew, for the Python of the host.
    """
    config = where.config
    base = Path(config.system.base_path)
    places = {
        "packs": base / "packs",
        "configs": base / "configs",
        "overrides": base / "overrides",
    }
    if config.keyvalue.encryption_key_path:
        places["datastore_key.json"] = Path(config.keyvalue.encryption_key_path)
    if config.auth.backend_kwargs.get("file_path"):
        places["htpasswd"] = Path(config.auth.backend_kwargs["file_path"])
    if where.config_file is not None:
        places["st2.conf"] = where.config_file
    if where.data_dir is not None:
        places["admin-password"] = where.data_dir / "admin-password"
    return places

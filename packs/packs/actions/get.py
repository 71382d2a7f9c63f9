"""packs.get: what is installed."""

from pack_actions import PackAction
from st2lite.content.installation.git import is_repository, state, versions
from st2lite.content.packs import MANIFEST
from st2lite.content.yaml_files import load_map


class Get(PackAction):
    def act(self, pack):
        directory = self.host.locations.pack_dir(pack)
        if directory is None:
            return {"pack": None, "git_status": None, "versions": None}
        tracked = is_repository(directory)
        return {
            "pack": load_map(directory / MANIFEST),
            "git_status": state(directory) if tracked else None,
            "versions": versions(directory) if tracked else None,
        }

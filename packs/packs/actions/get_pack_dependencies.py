"""packs.get_pack_dependencies: what installed packs depend on, and what of that is missing or another version."""

from pack_actions import PackAction
from st2lite.content.installation.sources import parse_source
from st2lite.content.packs import read_pack


class GetPackDependencies(PackAction):
    def act(self, packs):
        missing, conflicts = [], []
        for pack in packs:
            for dependency in read_pack(self.host.installed_dir(pack)).dependencies:
                source = parse_source(dependency)
                directory = self.host.locations.pack_dir(source.location)
                if directory is None:
                    missing.append(dependency)
                elif source.ref and source.ref != read_pack(directory).version:
                    conflicts.append(dependency)
        return {"dependency_list": missing, "conflict_list": conflicts}

"""packs.get_pack_warnings: why installed packs may not work on this host."""

from pack_actions import PackAction
from st2lite.content.installation.requirements import unmet
from st2lite.content.packs import read_pack


class GetPackWarnings(PackAction):
    def act(self, packs):
        return {"warning_list": [text for pack in packs for text in unmet(read_pack(self.host.installed_dir(pack)))]}

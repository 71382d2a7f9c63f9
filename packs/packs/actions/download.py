"""packs.download: fetch packs and put their files in place."""

from pack_actions import PackAction, say
from st2lite.content.installation.installer import Installer


class Download(PackAction):
    def act(self, packs, force=False):
        installer = Installer(self.host, None, say)
        done = installer.install(packs, force, skip_dependencies=True, virtualenvs=False)
        return {pack: "Success." for pack in done.packs}

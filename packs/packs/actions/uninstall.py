"""packs.uninstall: remove what is registered of packs, their files and their virtualenvs."""

from pack_actions import PackAction, say
from st2lite.content.installation.removal import Remover


class Uninstall(PackAction):
    def act(self, packs):
        return {"packs": Remover(self.host, self.api, say).uninstall(packs)}

"""packs.delete: delete the files of packs."""

from pack_actions import PackAction, say
from st2lite.content.installation.removal import Remover


class Delete(PackAction):
    def act(self, packs, delete_env=True):
        return {"packs": Remover(self.host, self.api, say).delete(packs, delete_env)}

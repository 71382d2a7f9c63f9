"""packs.delete: delete the files of packs."""

from pack_actions import PackAction, say
from st2lite.content.pack_removal import Remover


class Delete(PackAction):
    def act(self, packs, delete_env=True):
        return {"packs": Remover(self.host, self.api, say).delete(packs, delete_env)}

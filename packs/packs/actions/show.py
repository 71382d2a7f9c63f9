"""packs.show: one pack of the index."""

from pack_actions import PackAction


class Show(PackAction):
    def act(self, pack):
        return {"pack": self.host.index.packs().get(pack)}

"""packs.unload: remove what is registered of packs."""

from pack_actions import PackAction


class Unload(PackAction):
    def act(self, packs):
        return self.api.call("POST", "packs", "unload", body={"packs": packs})

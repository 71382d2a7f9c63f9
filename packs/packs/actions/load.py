"""packs.load: register what lies on disk."""

from pack_actions import PackAction


class Load(PackAction):
    def act(self, register="all", packs=None):
        body = {"types": [register], "packs": packs or None}
        return self.api.call("POST", "packs", "register", body=body)

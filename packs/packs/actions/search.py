"""packs.search: look for packs in the index."""

from pack_actions import PackAction
from st2lite.content.installation.index import search


class Search(PackAction):
    def act(self, query):
        return search(self.host.index.packs(), query)

"""packs.setup_virtualenv: make the virtualenvs of packs anew."""

from pack_actions import PackAction, say


class SetupVirtualenv(PackAction):
    def act(self, packs, update=True, find_links=None):
        for pack in packs:
            with self.host.lock(pack):
                self.host.virtualenvs.setup(pack, self.host.installed_dir(pack), say, find_links=find_links)
        return "Successfully set up virtualenv for the following packs: %s" % ", ".join(packs)

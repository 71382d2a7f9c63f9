"""packs.install: fetch packs, build their virtualenvs, put them in place and register them."""

from pack_actions import PackAction, say
from st2lite.content.installation.installer import Installer


class Install(PackAction):
    def act(self, packs, force=False, skip_dependencies=False, find_links=None):
        installer = Installer(self.host, self.api, say)
        done = installer.install(packs, force, skip_dependencies, find_links=find_links)
        message = "Successfully installed packs"
        if done.conflicts:
            message = "Nothing was installed, since packs want different versions: " + "; ".join(done.conflicts)
        return self.output(message, done.packs, done.conflicts, done.warnings)

    def run(self, **parameters):
        succeeded, output = super().run(**parameters)
        return succeeded and not output["conflict_list"], output

    def failed(self, message):
        return self.output(message)

    def output(self, message, packs=(), conflicts=(), warnings=()):
        return {
            "packs_list": list(packs),
            "message": message,
            "conflict_list": list(conflicts),
            "warning_list": list(warnings),
        }

"""packs.virtualenv_prerun: which packs of a download need a virtualenv."""

from st2common.runners.base_action import Action


class VirtualenvPrerun(Action):
    def run(self, packs_status):
        return [pack for pack, status in packs_status.items() if status.lower().startswith("success")]

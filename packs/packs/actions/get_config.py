"""packs.get_config: the configuration of a pack, or one value of it."""

from pack_actions import PackAction
from st2lite.models.errors import St2liteError


class GetConfig(PackAction):
    def act(self, pack, key_path=None):
        value = self.api.call("GET", "configs", pack)["values"]
        for key in filter(None, (key_path or "").split(".")):
            if not isinstance(value, dict) or key not in value:
                raise St2liteError('The configuration of pack "%s" has no key "%s".' % (pack, key_path))
            value = value[key]
        return value

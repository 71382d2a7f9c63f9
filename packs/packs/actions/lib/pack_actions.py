"""What the actions of this pack share: the host they run on, the API, and how failures are told."""

import os
import sys

from st2common.runners.base_action import Action
from st2lite.models.errors import St2liteError
from st2lite.services.packs import handed_down
from st2lite_actions.rest import ApiError, RestClient


def say(line):
    """Tell whoever watches the execution how it goes."""
    print(line, flush=True)


class Api:
    """The API with the token of this execution; registers and unloads packs."""

    def __init__(self):
        url, token = os.environ["ST2_ACTION_API_URL"], os.environ["ST2_ACTION_AUTH_TOKEN"]
        self._client = RestClient(url, token, os.environ.get("ST2_CACERT"))

    def call(self, method, *path, **more):
        try:
            return self._client.call(method, *path, **more)
        except ApiError as error:
            raise St2liteError(str(error)) from None
        except OSError as error:
            raise St2liteError("The API at %s does not answer: %s" % (os.environ["ST2_ACTION_API_URL"], error)) from None

    def register(self, pack):
        return self.call("POST", "packs", "register", body={"packs": [pack]})

    def unload(self, pack):
        return self.call("POST", "packs", "unload", body={"packs": [pack]})


class PackAction(Action):
    """An action whose `act` may raise errors that are meant for people."""

    def __init__(self, config, action_service):
        super().__init__(config, action_service)
        self.host = handed_down()
        self.api = Api()

    def run(self, **parameters):
        try:
            return True, self.act(**parameters)
        except St2liteError as error:
            sys.stderr.write(error.message + "\n")
            return False, self.failed(error.message)

    def failed(self, message):
        """The result when it did not work."""
        return message

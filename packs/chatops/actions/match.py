"""chatops.match: which alias a text means."""

import chat_api
from st2common.runners.base_action import Action
from st2lite_actions.rest import ApiError


class Match(Action):
    def run(self, text):
        try:
            found = chat_api.connect().call("POST", "actionalias", "match", body={"command": text})
        except ApiError as error:
            if error.status != 400:
                raise
            return False, str(error)
        return {
            "alias": found["actionalias"]["ref"],
            "action": found["actionalias"]["action_ref"],
            "representation": found["representation"],
            "display": found["display"],
        }

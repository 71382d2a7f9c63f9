"""chatops.match_and_execute: run what a text means."""

import chat_api
from st2common.runners.base_action import Action
from st2lite_actions.rest import ApiError


class MatchAndExecute(Action):
    def run(self, text, source_channel, user=None, route=None):
        said = {"command": text, "source_channel": source_channel, "user": user, "notification_route": route}
        try:
            answer = chat_api.connect().call("POST", "aliasexecution", "match_and_execute", body=said)
        except ApiError as error:
            if error.status != 400:
                raise
            return False, str(error)
        return [
            {
                "alias": each["actionalias"]["ref"],
                "execution_id": each["execution"]["id"],
                "message": each.get("message"),
            }
            for each in answer["results"]
        ]

"""core.inject_trigger: emit a trigger instance through the API's own webhook."""

import json
import os
import urllib.error
import urllib.request

from st2common.runners.base_action import Action


class InjectTrigger(Action):
    def run(self, trigger=None, trigger_name=None, payload=None, trace_tag=None):
        if bool(trigger) == bool(trigger_name):
            return False, "Give exactly one of the parameters trigger and trigger_name."
        headers = {
            "Content-Type": "application/json",
            "X-Auth-Token": os.environ.get("ST2_ACTION_AUTH_TOKEN", ""),
        }
        if trace_tag:
            headers["St2-Trace-Tag"] = trace_tag
        reference = trigger or trigger_name
        request = urllib.request.Request(
            os.environ["ST2_ACTION_API_URL"].rstrip("/") + "/webhooks/st2",
            data=json.dumps({"trigger": reference, "payload": payload or {}}).encode(),
            headers=headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=30):
                pass
        except urllib.error.HTTPError as error:
            return False, 'The API refused trigger "%s" (HTTP %d): %s' % (reference, error.code, error.read().decode())
        except OSError as error:
            return False, "The API at %s cannot be reached: %s" % (request.host, error)
        return True, 'Trigger "%s" was injected.' % reference

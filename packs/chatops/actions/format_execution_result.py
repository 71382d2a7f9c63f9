"""chatops.format_execution_result: the outcome of an execution as text."""

import pathlib

import chat_api
from st2common.runners.base_action import Action
from st2lite.rendering.environment import render_lenient
from st2lite_actions.rest import ApiError

DEFAULT = pathlib.Path(__file__).parent / "templates" / "default.j2"


class _Six:
    """The few names of the old compatibility library that formats of existing packs use."""

    iteritems = staticmethod(lambda mapping: mapping.items())
    itervalues = staticmethod(lambda mapping: mapping.values())
    iterkeys = staticmethod(lambda mapping: mapping.keys())


class FormatExecutionResult(Action):
    def run(self, execution_id):
        api = chat_api.connect()
        execution = api.call("GET", "executions", execution_id)
        alias = self._alias(api, execution)
        wanted = (alias or {}).get("result") or {}
        answer = {"enabled": wanted.get("enabled", True), "message": "", "extra": {}}
        if not answer["enabled"]:
            return answer
        variables = {"execution": execution, "alias": alias, "six": _Six}
        answer["message"] = render_lenient(wanted.get("format") or DEFAULT.read_text(encoding="utf-8"), variables)
        answer["extra"] = _rendered(wanted.get("extra") or {}, variables)
        return answer

    def _alias(self, api, execution):
        reference = execution.get("context", {}).get("action_alias_ref") or {}
        if not reference.get("id"):
            return None
        try:
            return api.call("GET", "actionalias", reference["id"])
        except ApiError as error:
            self.logger.warning("The alias of this execution is gone: %s", error)
            return None


def _rendered(value, variables):
    if isinstance(value, dict):
        return {key: _rendered(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [_rendered(item, variables) for item in value]
    return render_lenient(value, variables) if isinstance(value, str) else value

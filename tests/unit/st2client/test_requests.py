"""Every command sends the requests that servers know from StackStorm's client."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.servers.api import ID, FakeApi
from tests.unit.st2client.conftest import Cli

_SHOWN = "id,action.ref,context.user,status,start_timestamp,end_timestamp"
_LIST = f"include_attributes={_SHOWN}"

#: command line -> requests
REQUESTS = {
    "run core.local date": ["GET /actions/core.local", "GET /runnertypes/?name=local-shell-cmd", "POST /executions",
                            f"GET /executions/{ID}"],
    "action execute core.local date": ["GET /actions/core.local", "GET /runnertypes/?name=local-shell-cmd",
                                       "POST /executions"],
    "action list": ["GET /actions?include_attributes=ref,pack,description"],
    "action list -p core": ["GET /actions?include_attributes=ref,pack,description&pack=core"],
    "action list -a all": ["GET /actions"],
    "action get core.local": ["GET /actions/core.local"],
    "action create FILE": ["POST /actions"],
    "action update core.local FILE": ["GET /actions/core.local", f"PUT /actions/{ID}"],
    "action delete core.local": ["GET /actions/core.local", f"DELETE /actions/{ID}"],
    "action enable core.local": ["GET /actions/core.local", f"PUT /actions/{ID}"],
    "action disable core.local": ["GET /actions/core.local", f"PUT /actions/{ID}"],
    "action clone core.local mine missing": ["GET /actions/core.local", "GET /actions/mine.missing",
                                             "POST /actions/core.local/clone"],
    "execution list": [f"GET /executions/?limit=50&parent=null&sort_desc=True&{_LIST}"],
    "execution list -n -1 -l -s asc --user u": [f"GET /executions/?limit=-1&user=u&sort_asc=True&{_LIST}"],
    f"execution get -x {ID}": [f"GET /executions/{ID}?exclude_attributes=result"],
    f"execution get {ID} --attr all": [f"GET /executions/{ID}"],
    f"execution cancel {ID}": [f"DELETE /executions/{ID}"],
    f"execution pause {ID}": [f"PUT /executions/{ID}"],
    f"execution resume {ID}": [f"PUT /executions/{ID}"],
    f"execution re-run {ID}": [f"GET /executions/{ID}", "GET /actions/core.local",
                               "GET /runnertypes/?name=local-shell-cmd", f"POST /executions/{ID}/re_run",
                               f"GET /executions/{ID}"],
    f"execution tail {ID}": [f"GET /executions/{ID}", f"GET /executions/{ID}/output"],
    "execution tail --type stdout": ["GET /executions/?limit=1", f"GET /executions/{ID}/output?output_type=stdout"],
    "action-alias list": ["GET /actionalias?include_attributes=ref,pack,description,enabled"],
    "action-alias get core.thing": ["GET /actionalias/core.thing"],
    "action-alias match 'say x'": ["POST /actionalias/match"],
    "action-alias execute 'say x'": ["POST /aliasexecution/match_and_execute"],
    "auth st2admin -p secret": ["POST /tokens"],
    "login st2admin -p secret": ["POST /tokens"],
    "whoami": ["GET /user"],
    "apikey list -u bob --show-secrets": ["GET /apikeys?show_secrets=True&user=bob"],
    "apikey get x": ["GET /apikeys/x"],
    "apikey create": ["POST /apikeys"],
    "apikey delete x": ["GET /apikeys/x", f"DELETE /apikeys/{ID}"],
    "apikey enable x": ["GET /apikeys/x", f"PUT /apikeys/{ID}"],
    "api-key disable x": ["GET /apikeys/x", f"PUT /apikeys/{ID}"],
    "apikey update": [],
    "inquiry list": ["GET /inquiries/?limit=50"],
    "inquiry get x": ["GET /inquiries/x"],
    "inquiry respond x -r '{}'": ["GET /inquiries/x", "PUT /inquiries/x"],
    "key list": ["GET /keys/?decrypt=false&scope=all&limit=50"],
    "key list -d --prefix p -u bob -s user": ["GET /keys/?decrypt=true&scope=user&limit=50&prefix=p&user=bob"],
    "key get a": ["GET /keys/a?decrypt=false&scope=system"],
    "key get 'a/b c'": ["GET /keys/a%2Fb%20c?decrypt=false&scope=system"],
    "key set a b": ["PUT /keys/a"],
    "key delete a -u bob -s user": ["GET /keys/a?scope=user&user=bob", "DELETE /keys/a?scope=user&user=bob"],
    "key load FILE": ["PUT /keys/thing"],
    "pack list": ["GET /packs?include_attributes=ref,name,description,version,author"],
    "pack get core": ["GET /packs/core"],
    "pack show core": ["POST /packs/index/search"],
    "pack search web": ["POST /packs/index/search"],
    "pack install core --force": ["POST /packs/index/search", "POST /packs/install", f"GET /executions/{ID}",
                                  f"GET /executions/{ID}/children/", "GET /packs/core"],
    "pack register core --types actions": ["POST /packs/register"],
    "policy list -p core": ["GET /policies/?pack=core&include_attributes=ref,resource_ref,policy_type,enabled"],
    "policy get core.thing": ["GET /policies/core.thing"],
    "policy-type list": ["GET /policytypes"],
    "policy-type list -r action": ["GET /policytypes/?resource_type=action"],
    "rule list": ["GET /rules/?limit=50&include_attributes=ref,pack,description,enabled"],
    "rule list --iftt --disabled": [
        "GET /rules/?limit=50&enabled=False&include_attributes=ref,trigger.ref,action.ref,enabled"
    ],
    "rule create FILE": ["POST /rules"],
    "rule delete core.thing": ["GET /rules/core.thing", f"DELETE /rules/{ID}"],
    "rule enable core.thing": ["GET /rules/core.thing", f"PUT /rules/{ID}"],
    "rule-enforcement list --rule core.r": ["GET /ruleenforcements/?limit=50&rule_ref=core.r"],
    "rule-enforcement get x": ["GET /ruleenforcements/x"],
    "runner list": ["GET /runnertypes?include_attributes=id,name,description"],
    "runner get local-shell-cmd": ["GET /runnertypes/local-shell-cmd"],
    "runner disable local-shell-cmd": ["GET /runnertypes/?name=local-shell-cmd", f"PUT /runnertypes/{ID}"],
    "sensor list -p core": ["GET /sensortypes?include_attributes=ref,pack,description,enabled&pack=core"],
    "sensor disable core.thing": ["GET /sensortypes/core.thing", f"PUT /sensortypes/{ID}"],
    "timer list": ["GET /timers"],
    "timer list -ty core.st2.CronTimer": ["GET /timers/?timer_type=core.st2.CronTimer"],
    "trace list -c tag": ["GET /traces/?limit=50&trace_tag=tag&sort_desc=True"],
    "trace get x": ["GET /traces/x"],
    "trigger list": ["GET /triggertypes?include_attributes=ref,pack,description"],
    "trigger getspecs core.t": ["GET /triggers/?type=core.t"],
    "trigger-instance list": [
        "GET /triggerinstances/?limit=50&include_attributes=id,trigger,occurrence_time,status"
    ],
    f"trigger-instance re-emit {ID}": [f"POST /triggerinstances/{ID}/re_emit"],
    "webhook list": ["GET /webhooks"],
    "webhook get a/b": ["GET /webhooks/a%2Fb"],
    "workflow inspect --file FILE": ["POST /workflows/inspect"],
    "service-registry group list": ["GET /service_registry/groups"],
    "service-registry member list": ["GET /service_registry/groups", "GET /service_registry/groups/st2api/members"],
    "role list --system": ["GET /rbac/roles/?system=True"],
    "role get admin": ["GET /rbac/roles/admin"],
    "role-assignment list -u bob": ["GET /rbac/role_assignments/?user=bob"],
    "role-assignment get x": ["GET /rbac/role_assignments/x"],
}  # fmt: skip

#: command line -> body of its last request that has one
BODIES = {
    "run core.local cmd=date count=3 tags=a,b": {
        "action": "core.local", "parameters": {"cmd": "date", "count": 3, "tags": ["a", "b"]}, "user": None,
    },
    "run core.local --delay 500 --trace-tag t -u bob -- ls -l": {
        "action": "core.local", "parameters": {"cmd": "ls -l"}, "user": "bob", "delay": 500,
        "context": {"trace_context": {"trace_tag": "t"}},
    },
    "run core.local --trace-id 5 --trace_tag t x": {
        "action": "core.local", "parameters": {"cmd": "x"}, "user": None,
        "context": {"trace_context": {"id_": "5"}},
    },
    f"execution re-run {ID} count=2 --tasks a b --no-reset b --delay 7": {
        "parameters": {"count": 2}, "tasks": ["a", "b"], "reset": ["a"], "delay": 7,
    },
    f"execution pause {ID}": {"status": "pausing"},
    f"execution resume {ID}": {"status": "resuming"},
    "action delete core.local -r": {"remove_files": True},
    "action clone core.local mine missing": {"dest_pack": "mine", "dest_action": "missing", "overwrite": False},
    "action clone core.local mine other -f": {"dest_pack": "mine", "dest_action": "other", "overwrite": True},
    "action-alias match 'say x'": {"command": "say x"},
    "action-alias execute 'say x' -u bob": {"command": "say x", "user": "bob", "source_channel": "cli"},
    "auth u -p p -l 60": {"ttl": 60},
    "auth u -p p": {},
    "apikey create -u bob -m '{\"a\": 1}'": {"user": "bob", "metadata": {"a": 1}},
    "inquiry respond x -r '{\"go\": true}'": {"id": "x", "response": {"go": True}},
    "key set a b -e -l 60 -s user -u bob": {
        "name": "a", "value": "b", "scope": "user", "user": "bob", "secret": True, "ttl": 60,
    },
    "key set a b --encrypted": {"name": "a", "value": "b", "scope": "system", "user": None, "encrypted": True},
    "pack search web": {"query": "web"},
    "pack show web": {"pack": "web"},
    "pack install a b=1.0 --skip-dependencies": {"packs": ["a", "b=1.0"], "force": False, "skip_dependencies": True},
    "pack register a --types rules": {"types": ["rules"], "packs": ["a"]},
    "pack register": {},
    f"trigger-instance re-emit {ID}": None,
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "thing.json"
    path.write_text(json.dumps({"name": "thing", "pack": "core", "value": "x"}))
    return path


@pytest.mark.parametrize("line", REQUESTS)
def test_requests(api: FakeApi, cli: Cli, file: Path, line: str) -> None:
    outcome = cli(*(str(file) if word == "FILE" else word for word in shlex.split(line)))
    assert outcome.err == "" or line == "apikey update"
    assert outcome.code == 0
    assert [request.replace("%2C", ",") for request in api.requests] == REQUESTS[line]


@pytest.mark.parametrize("line", BODIES)
def test_bodies(api: FakeApi, cli: Cli, line: str) -> None:
    outcome = cli(*shlex.split(line))
    assert outcome.code == 0
    if line.startswith("trigger-instance"):
        assert [request.body for request in api.received] == [b"null"]
    else:
        assert [body for body in api.bodies if body is not None][-1] == BODIES[line]


def test_bodies_are_json_and_deletes_have_none(api: FakeApi, cli: Cli) -> None:
    cli("key", "set", "a", "b")
    cli("key", "delete", "a")
    cli("action", "delete", "core.local")
    sent = {request.method: request for request in api.received if "keys" in request.path}
    assert sent["PUT"].headers["content-type"] == "application/json"
    assert (sent["DELETE"].body, sent["DELETE"].headers["content-type"]) == (b"", None)
    assert api.received[-1].headers["content-type"] is None


def test_enabling_sends_the_whole_object_back_without_ref(api: FakeApi, cli: Cli) -> None:
    cli("action", "disable", "core.local")
    assert "ref" not in api.bodies[-1]
    assert (api.bodies[-1]["enabled"], api.bodies[-1]["uid"]) == (False, "action:core:local")


def test_update_takes_the_id_of_the_object(api: FakeApi, cli: Cli, file: Path) -> None:
    cli("rule", "update", "core.thing", str(file))
    assert api.bodies[-1] == {"name": "thing", "pack": "core", "value": "x", "id": ID}


def test_update_refuses_another_id(api: FakeApi, cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "rule.json"
    path.write_text('{"id": "other"}')
    outcome = cli("rule", "update", "core.thing", str(path))
    assert outcome.code == 1
    assert 'The id "other"' in outcome.err
    assert not any(request.startswith("PUT") for request in api.requests)


def test_names_of_any_characters_stay_one_segment(api: FakeApi, cli: Cli) -> None:
    cli("key", "get", "a?b#c%d")
    assert unquote(api.received[0].path) == "/v1/keys/a?b#c%d"


def test_delete_by_prefix_goes_on_until_nothing_is_left(api: FakeApi, cli: Cli) -> None:
    left = [["a1", "a2"], ["a3"], []]

    def answer(_: object) -> object:
        from tests.servers.api import KEY
        from tests.servers.web import Answer

        return Answer(200, json.dumps([{**KEY, "name": name} for name in left.pop(0)]).encode())

    api.answers["GET", "/keys"] = answer  # type: ignore[assignment]
    outcome = cli("key", "delete_by_prefix", "-p", "a")
    assert [request for request in api.requests if "DELETE" in request] == [f"DELETE /keys/a{n}" for n in (1, 2, 3)]
    assert outcome.out == "Deleted 3 keys\nDeleted key ids: a1, a2, a3\n"

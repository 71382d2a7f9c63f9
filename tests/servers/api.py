"""A server that speaks just enough of the API to hold a client's requests against the reference.

Every answer is a document from :data:`DOCUMENTS` or what a test puts into ``answers``; every request is written down.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from tests.servers.certificates import Certificates
from tests.servers.web import Answer, Received, WebServer

ID = "5f0c1a2b3c4d5e6f70819203"
START, END = "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:02.000000Z"

ACTION: dict[str, Any] = {
    "id": ID,
    "uid": "action:core:local",
    "ref": "core.local",
    "pack": "core",
    "name": "local",
    "description": "Run a command.",
    "enabled": True,
    "entry_point": "",
    "runner_type": "local-shell-cmd",
    "parameters": {
        "cmd": {"type": "string", "required": True, "description": "Command to run", "position": 0},
        "tags": {"type": "array"},
        "count": {"type": "integer", "default": 1},
        "sudo": {"type": "boolean", "immutable": True},
    },
}

RUNNER: dict[str, Any] = {
    "id": ID,
    "name": "local-shell-cmd",
    "description": "Runs commands.",
    "enabled": True,
    "runner_parameters": {"timeout": {"type": "integer", "default": 60}, "env": {"type": "object"}},
}

EXECUTION: dict[str, Any] = {
    "id": ID,
    "action": {"ref": "core.local", "runner_type": "local-shell-cmd", "name": "local", "pack": "core"},
    "context": {"user": "st2admin"},
    "parameters": {"cmd": "date", "password": "hunter2"},
    "status": "succeeded",
    "start_timestamp": START,
    "end_timestamp": END,
    "result": {"succeeded": True, "failed": False, "return_code": 0, "stdout": "hello\nworld", "stderr": ""},
    "log": [{"status": "requested", "timestamp": START}, {"status": "succeeded", "timestamp": END}],
}

KEY = {"id": ID, "name": "a", "value": "1", "secret": False, "encrypted": False, "scope": "st2kv.system"}

_CONTENT = {"id": ID, "ref": "core.thing", "pack": "core", "name": "thing", "description": "A thing.", "enabled": True}

#: what the documents of each path look like
DOCUMENTS: dict[str, dict[str, Any]] = {
    "actions": ACTION,
    "runnertypes": RUNNER,
    "executions": EXECUTION,
    "keys": KEY,
    "actionalias": {**_CONTENT, "action_ref": "core.local", "formats": ["say {{what}}"]},
    "apikeys": {"id": ID, "user": "st2admin", "metadata": {"for": "ci"}, "key_hash": "********", "enabled": True},
    "config_schemas": {"id": ID, "pack": "core", "attributes": {"port": {"type": "integer", "default": 80}}},
    "configs": {"id": ID, "pack": "core", "values": {"port": 80}},
    "inquiries": {"id": ID, "route": "", "ttl": 1440, "users": [], "roles": [], "schema": {"properties": {}}},
    "packs": {
        **_CONTENT,
        "ref": "core",
        "name": "core",
        "version": "1.0.0",
        "author": "st2lite",
        "keywords": ["a", "b"],
    },
    "policies": {**_CONTENT, "resource_ref": "core.local", "policy_type": "action.concurrency"},
    "policytypes": {**_CONTENT, "resource_type": "action"},
    "rules": {**_CONTENT, "trigger": {"ref": "core.t", "type": "core.t"}, "action": {"ref": "core.local"}},
    "ruleenforcements": {"id": ID, "rule": {"ref": "core.r"}, "trigger_instance_id": ID, "enforced_at": START},
    "sensortypes": {**_CONTENT, "entry_point": "Thing", "trigger_types": ["core.t"]},
    "timers": {**_CONTENT, "uid": "trigger:core:t", "type": "core.st2.IntervalTimer", "parameters": {"delta": 5}},
    "traces": {
        "id": ID,
        "uid": f"trace:{ID}",
        "trace_tag": "tag",
        "start_timestamp": START,
        "trigger_instances": [{"object_id": "t1", "ref": "core.t", "updated_at": START, "caused_by": {}}],
        "rules": [
            {
                "object_id": "r1",
                "ref": "core.r",
                "updated_at": START,
                "caused_by": {"type": "trigger_instance", "id": "t1"},
            }
        ],
        "action_executions": [
            {"object_id": "e1", "ref": "core.local", "updated_at": END, "caused_by": {"type": "rule", "id": "r1:t1"}}
        ],
    },
    "triggers": {**_CONTENT, "type": "core.t", "parameters": {}},
    "triggertypes": _CONTENT,
    "triggerinstances": {"id": ID, "trigger": "core.t", "occurrence_time": START, "status": "processed", "payload": {}},
    "webhooks": {**_CONTENT, "type": "core.st2.webhook", "parameters": {"url": "hook"}},
    "rbac/roles": {"id": ID, "name": "admin", "system": True, "description": "All."},
    "rbac/role_assignments": {"id": ID, "role": "admin", "user": "st2admin", "is_remote": False, "source": "api"},
}

_TOKEN = {
    "id": ID,
    "user": "st2admin",
    "token": "0123456789abcdef0123456789abcdef",
    "expiry": "2999-01-01T00:00:00.000000Z",
}

_ALIAS_RESULT = {"actionalias": DOCUMENTS["actionalias"], "execution": {**EXECUTION, "status": "requested"}}

#: answers that are not simply documents: (method, path) -> (status, data)
_SPECIAL: dict[tuple[str, str], tuple[int, Any]] = {
    ("POST", "/tokens"): (201, _TOKEN),
    ("GET", "/user"): (
        200,
        {
            "username": "st2admin",
            "authentication": {"method": "authentication token", "token_expire": "2999-01-01T00:00:00Z"},
            "rbac": {"enabled": False, "roles": [], "is_admin": True},
        },
    ),
    ("POST", "/executions"): (201, {**EXECUTION, "status": "requested", "result": None}),
    ("POST", f"/executions/{ID}/re_run"): (201, {**EXECUTION, "status": "running"}),
    ("GET", f"/executions/{ID}/children"): (200, []),
    ("POST", "/actionalias/match"): (200, {"actionalias": DOCUMENTS["actionalias"], "representation": "say {{what}}"}),
    ("POST", "/aliasexecution/match_and_execute"): (201, {"results": [_ALIAS_RESULT]}),
    ("POST", "/apikeys"): (201, {**DOCUMENTS["apikeys"], "key": "the-key"}),
    ("POST", "/packs/index/search"): (200, [DOCUMENTS["packs"]]),
    ("POST", "/packs/register"): (200, {"actions": 3, "rules": 0}),
    ("POST", "/packs/install"): (202, {"execution_id": ID}),
    ("POST", "/packs/uninstall"): (202, {"execution_id": ID}),
    ("POST", f"/triggerinstances/{ID}/re_emit"): (200, {"message": "Sent again.", "payload": {}}),
    ("POST", "/webhooks/st2"): (202, {"trigger": "core.t"}),
    ("POST", "/workflows/inspect"): (200, []),
    ("GET", "/service_registry/groups"): (200, {"groups": ["st2api"]}),
    ("GET", "/service_registry/groups/st2api/members"): (
        200,
        {"members": [{"group_id": "st2api", "member_id": "host_1", "capabilities": {"pid": 1}}]},
    ),
}

Handler = Callable[[Received], Answer]


class FakeApi:
    """The API at ``url + "/v1"``, auth at ``url``, the stream at ``url + "/v1"``.

    ``answers`` maps ``(method, path)`` to a status and data, or to a function of the request; they come before the
    documents. ``requests`` lists ``METHOD path?query``, ``bodies`` what was sent with each.
    """

    def __init__(self, certificates: Certificates | None = None) -> None:
        self.answers: dict[tuple[str, str], tuple[int, Any] | Handler] = {}
        self.headers: dict[str, str] = {}
        self.requests: list[str] = []
        self.bodies: list[Any] = []
        self.received: list[Received] = []
        self._lock = threading.Lock()
        self._web = WebServer({"/v1": self._answer, "/tokens": self._answer}, certificates)

    def __enter__(self) -> FakeApi:
        self._web.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._web.__exit__(kind, error, trace)

    @property
    def url(self) -> str:
        return self._web.url("")

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point the client here."""
        return {"ST2_API_URL": f"{self.url}/v1", "ST2_AUTH_URL": self.url, "ST2_STREAM_URL": f"{self.url}/v1"}

    def _answer(self, request: Received) -> Answer:
        target = request.target.removeprefix("/v1")
        with self._lock:
            self.requests.append(f"{request.method} {target}")
            self.bodies.append(_decoded(request.body))
            self.received.append(request)
        path = unquote(target.partition("?")[0]).rstrip("/")
        found = self.answers.get((request.method, path)) or _SPECIAL.get((request.method, path))
        if found is None and path.endswith("/output"):
            return Answer(200, b"text", {"Content-Type": "text/plain"})
        if callable(found):
            return found(request)
        status, data = found or _document(request, path)
        headers = {"Content-Type": "application/json", **self.headers}
        return Answer(status, b"" if status == 204 else json.dumps(data).encode(), headers)


def fault(status: int, text: str) -> tuple[int, dict[str, str]]:
    """An error as the API words it."""
    return status, {"faultstring": text}


def events(*found: tuple[str, str]) -> Answer:
    """A finished stream of events."""
    text = "\n" + "".join(f"event: {name}\ndata: {data}\n\n" for name, data in found)
    return Answer(200, text.encode(), {"Content-Type": "text/event-stream; charset=UTF-8"})


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode()


def _document(request: Received, path: str) -> tuple[int, Any]:
    words = path.strip("/").split("/")
    name = "/".join(words[:2]) if words[0] == "rbac" else words[0]
    document = DOCUMENTS.get(name)
    if document is None:
        return fault(404, "The resource could not be found.")
    one = len(words) > len(name.split("/"))
    if request.method == "GET":
        if one and words[-1].endswith("missing"):
            return fault(404, f'Unable to identify resource with id "{words[-1]}".')
        return 200, document if one else [document]
    if request.method == "DELETE":
        return (200, {**document, "status": "canceled"}) if name == "executions" else (204, None)
    sent = _decoded(request.body)
    return (200 if one else 201), {**document, **(sent if isinstance(sent, dict) else {})}

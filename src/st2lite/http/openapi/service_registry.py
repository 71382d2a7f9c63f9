"""The service registry."""

from __future__ import annotations

from st2lite.http.openapi.parts import INTEGER, STRING, STRINGS, Json, answer, array, closed, operation, path, ref

SCHEMAS: Json = {
    "ServiceMember": closed(
        {
            "group_id": STRING,
            "member_id": STRING,
            "capabilities": closed(
                {
                    "hostname": STRING,
                    "pid": INTEGER,
                    "name": STRING,
                    "type": {"type": "string", "enum": ["active", "passive"], "description": "Active ones listen."},
                    "listen_host": STRING,
                    "listen_port": INTEGER,
                },
                ("hostname", "pid", "name", "type"),
            ),
        },
        ("group_id", "member_id", "capabilities"),
    )
}

PATHS: Json = {
    "/service_registry/groups": {
        "get": operation(
            "listServiceGroups",
            "List the services that run",
            {"200": answer(closed({"groups": STRINGS}, ("groups",)), "Their names.")},
        ),
    },
    "/service_registry/groups/{group_id}/members": {
        "parameters": [path("group_id", "Name of the service.", "actionrunner")],
        "get": operation(
            "listServiceMembers",
            "List the processes of a service that run",
            {"200": answer(closed({"members": array(ref("ServiceMember"))}, ("members",)), "The processes.")},
            errors=("404",),
        ),
    },
}

"""Roles, what they can grant and who has them, and the inspection of workflows."""

from __future__ import annotations

from st2lite.http.openapi.noun import Noun
from st2lite.http.openapi.parts import (
    ANYTHING,
    BOOLEAN,
    IDENTIFIER,
    OBJECT,
    SELECTION,
    STRING,
    STRINGS,
    Json,
    answer,
    array,
    closed,
    described,
    filters,
    operation,
    path,
    query,
)

SCHEMAS: Json = {
    "Role": closed(
        {
            "id": IDENTIFIER,
            "name": STRING,
            "description": STRING,
            "system": described(BOOLEAN, "It comes with the product."),
            "permission_grants": STRINGS,
            "permission_grant_ids": STRINGS,
            "permission_grant_objects": array(ANYTHING),
        }
    ),
    "RoleAssignment": closed(
        {
            "id": IDENTIFIER,
            "user": STRING,
            "role": STRING,
            "description": STRING,
            "is_remote": BOOLEAN,
            "source": STRING,
        }
    ),
}

_PERMISSIONS: Json = {"type": "object", "additionalProperties": STRING}
_BY_RESOURCE: Json = {"type": "object", "additionalProperties": _PERMISSIONS}

_ROLE = Noun("Role", "role", "roles")
_ASSIGNMENT = Noun("RoleAssignment", "role assignment", "role assignments")

PATHS: Json = {
    "/rbac/roles": {
        "get": _ROLE.listing(
            [query("system", BOOLEAN, "Only those that come with the product, or only others."), *SELECTION]
        ),
    },
    "/rbac/roles/{name_or_id}": {
        "parameters": [path("name_or_id", "Name or id of the role.", "admin")],
        "get": _ROLE.read(),
    },
    "/rbac/role_assignments": {
        "get": _ASSIGNMENT.listing(
            filters(user="User.", role="Name of the role.", source="Where the assignment comes from."),
            summary="List who has which role",
        ),
    },
    "/rbac/role_assignments/{id}": {
        "parameters": [path("id", "Id of the assignment.", "5f0000000000000000000031")],
        "get": _ASSIGNMENT.read([]),
    },
    "/rbac/permission_types": {
        "get": operation(
            "listPermissionTypes",
            "List the permissions that roles can grant, by the type of the resource",
            {"200": answer(_BY_RESOURCE, "What each permission allows.")},
        ),
    },
    "/rbac/permission_types/{resource_type}": {
        "parameters": [path("resource_type", "Type of a resource.", "action")],
        "get": operation(
            "getPermissionTypes",
            "List the permissions that roles can grant on resources of one type",
            {"200": answer(_PERMISSIONS, "What each permission allows.")},
            errors=("404",),
        ),
    },
    "/workflows/inspect": {
        "post": operation(
            "inspectWorkflow",
            "Look for mistakes in the definition of a workflow; not in this release",
            {"200": answer(array(OBJECT), "What was found.")},
            request={"required": True, "content": {"text/plain": {"schema": STRING}}},
        ),
    },
}

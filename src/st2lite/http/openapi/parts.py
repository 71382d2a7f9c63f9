"""The building blocks that the descriptions of all nouns share."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TIMESTAMP: Json = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$",
    "examples": ["2026-01-31T12:00:00.000000Z"],
    "description": "UTC, always with six decimals.",
}
IDENTIFIER: Json = {"type": "string", "pattern": "^[0-9a-f]{24}$", "description": "24 hexadecimal digits."}
STRING: Json = {"type": "string"}
STRINGS: Json = {"type": "array", "items": STRING}
INTEGER: Json = {"type": "integer"}
BOOLEAN: Json = {"type": "boolean"}
OBJECT: Json = {"type": "object"}
ANYTHING: Json = {}


def ref(name: str) -> Json:
    """Reference to a schema of this document."""
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: Json) -> Json:
    return {"type": "array", "items": items}


def described(schema: Json, description: str) -> Json:
    """Copy of a schema with a description of its own."""
    return {**schema, "description": description}


def closed(properties: Json, required: tuple[str, ...] = ("id",), description: str = "") -> Json:
    """An object of ours: it carries these properties and no others."""
    return _object(properties, required, description) | {"additionalProperties": False}


def opened(properties: Json, required: tuple[str, ...] = (), description: str = "") -> Json:
    """An object of a caller: properties we do not know are ignored."""
    return _object(properties, required, description)


def _object(properties: Json, required: tuple[str, ...], description: str) -> Json:
    schema: Json = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    if description:
        schema["description"] = description
    return schema


def query(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def header(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "header", "schema": schema, "description": description}


def path(name: str, description: str, example: str) -> Json:
    schema = {"type": "string", "minLength": 1}
    parameter = {"name": name, "in": "path", "required": True, "schema": schema}
    return {**parameter, "description": description, "example": example}


def excluding(*names: str) -> Json:
    """`exclude_attributes` of a list that lets only these attributes be left out."""
    one = f"({'|'.join(names)})"
    description = f"Comma separated attributes to leave out; possible here: {', '.join(names)}."
    return query("exclude_attributes", {"type": "string", "pattern": f"^({one}(,{one})*)?$"}, description)


REF_OR_ID = path("ref_or_id", "Reference `<pack>.<name>`, or id.", "core.local")
SHOW_SECRETS = query("show_secrets", BOOLEAN, "Show secret values as they are instead of `********`.")
LIMIT = query(
    "limit",
    {"type": "integer", "minimum": -1, "not": {"const": 0}, "maximum": 2**31 - 1},
    "Most rows to return; -1 returns all of them.",
)
OFFSET = query("offset", {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}, "Rows to skip.")
SORT = query("sort", STRING, "Comma separated keys, each with an optional `+` or `-`; unknown keys are skipped.")
IDS = query("id", STRING, "One id, or up to 100 separated by commas.")
INCLUDE = query("include_attributes", STRING, "Comma separated attributes to return; dotted paths reach inside.")
EXCLUDE = query("exclude_attributes", STRING, "Comma separated attributes to leave out.")
SELECTION = [INCLUDE, EXCLUDE]


def filters(**named: str) -> list[Json]:
    """Filter parameters of a list; the text `null` asks for rows without a value."""
    return [query(name, STRING, description) for name, description in named.items()]


def moments(**named: str) -> list[Json]:
    """Filter parameters that take a timestamp."""
    schema = {
        "type": "string",
        "pattern": r"^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{3,6})?(Z|\+00(:?00)?))?$",
        "examples": ["2026-01-31T12:00:00Z"],
    }
    return [query(name, schema, description) for name, description in named.items()]


_LIST_HEADERS: Json = {
    "X-Total-Count": {
        "required": True,
        "schema": {"type": "integer"},
        "description": "Rows that match, whatever limit and offset say.",
    },
    "X-Limit": {"schema": {"type": "integer"}, "description": "The limit in force; absent when there is none."},
}


def answer(schema: Json, description: str, media_type: str = "application/json") -> Json:
    """A response with a body."""
    return {"description": description, "content": {media_type: {"schema": schema}}}


def rows(schema: Json, description: str, counted: bool = True) -> Json:
    """A response that is one page of a list; `counted` lists say how many rows there are in all."""
    response = answer(array(schema), description)
    limit_only = {"X-Limit": _LIST_HEADERS["X-Limit"]}
    return {**response, "headers": _LIST_HEADERS if counted else limit_only}


def empty(description: str) -> Json:
    return {"description": description}


def body(schema: Json, required: bool = True, example: Json | None = None) -> Json:
    content = {"schema": schema, "example": example} if example else {"schema": schema}
    return {"required": required, "content": {"application/json": content}}


ERRORS: Json = {
    "400": "What was sent cannot be accepted as it is; `faultstring` names the field and the remedy.",
    "401": "No credentials, or credentials that are not valid.",
    "403": "Valid credentials that do not allow this.",
    "404": "There is no such object.",
    "409": "A unique key is taken; `conflict-id` tells by whom.",
    "413": "The body is larger than 32 MiB.",
    "503": "The database or the message broker does not answer.",
}
_ALWAYS = ("400", "401", "503")


def operation(
    operation_id: str,
    summary: str,
    responses: Json,
    *,
    parameters: list[Json] | None = None,
    request: Json | None = None,
    errors: tuple[str, ...] = (),
    always: tuple[str, ...] = _ALWAYS,
    security: list[Json] | None = None,
) -> Json:
    """Describe one operation; the errors that every operation can answer with are added."""
    codes = sorted({*always, *errors, *(("413",) if request else ())})
    described_operation: Json = {
        "operationId": operation_id,
        "summary": summary,
        "responses": {**responses, **{code: {"$ref": f"#/components/responses/Error{code}"} for code in codes}},
    }
    if parameters:
        described_operation["parameters"] = parameters
    if request:
        described_operation["requestBody"] = request
    if security is not None:
        described_operation["security"] = security
    return described_operation

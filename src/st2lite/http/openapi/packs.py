"""Packs and their files."""

from __future__ import annotations

from st2lite.http.openapi.noun import Noun
from st2lite.http.openapi.parts import (
    ANYTHING,
    BOOLEAN,
    IDENTIFIER,
    IDS,
    INTEGER,
    LIMIT,
    OBJECT,
    OFFSET,
    SELECTION,
    SORT,
    STRING,
    STRINGS,
    Json,
    answer,
    array,
    body,
    closed,
    described,
    empty,
    filters,
    header,
    opened,
    operation,
    path,
    ref,
)

SCHEMAS: Json = {
    "Pack": closed(
        {
            "id": IDENTIFIER,
            "uid": described(STRING, "`pack:<ref>`"),
            "ref": STRING,
            "name": STRING,
            "description": STRING,
            "keywords": STRINGS,
            "version": STRING,
            "stackstorm_version": STRING,
            "python_versions": STRINGS,
            "author": STRING,
            "email": STRING,
            "contributors": STRINGS,
            "files": described(STRINGS, "Paths relative to the directory of the pack."),
            "dependencies": STRINGS,
            "system": OBJECT,
            "path": described(STRING, "Absolute directory of the pack."),
        }
    ),
    "PackRegistration": opened(
        {
            "types": described({"type": ["array", "null"], "items": STRING}, "Kinds of content; all by default."),
            "packs": described({"type": ["array", "null"], "items": STRING}, "Packs; all by default."),
            "fail_on_failure": BOOLEAN,
        }
    ),
    "RegisteredCounts": {
        "type": "object",
        "additionalProperties": {"type": "integer"},
        "description": "How many of each kind were registered.",
    },
    "PackInstallation": opened(
        {
            "packs": described(STRINGS, "Names of the index (`name=version`), URLs, `file:///` paths or archives."),
            "force": described(BOOLEAN, "Also packs that say that they do not fit this host."),
            "skip_dependencies": BOOLEAN,
        },
        ("packs",),
    ),
    "PackNames": opened({"packs": STRINGS}, ("packs",)),
    "PackChange": closed({"execution_id": IDENTIFIER}, ("execution_id",)),
    "PackIndex": closed({"status": array(ref("PackIndexStatus")), "index": OBJECT}, ("status", "index")),
    "PackIndexStatus": closed(
        {"url": STRING, "packs": INTEGER, "message": STRING, "error": {"type": ["string", "null"]}},
        ("url", "packs", "message", "error"),
    ),
    "PackIndexQuery": opened(
        {
            "query": described({"type": ["string", "null"]}, "Text to search for; give this or `pack`."),
            "pack": described({"type": ["string", "null"]}, "Name of a pack."),
        }
    ),
    "PackIndexHealth": closed(
        {
            "indexes": closed(
                {
                    "count": INTEGER,
                    "valid": INTEGER,
                    "invalid": INTEGER,
                    "errors": {"type": "object", "additionalProperties": INTEGER},
                    "status": array(ref("PackIndexStatus")),
                },
                ("count", "valid", "invalid", "errors", "status"),
            ),
            "packs": closed({"count": INTEGER}, ("count",)),
        },
        ("indexes", "packs"),
    ),
    "PackFile": closed({"file_path": STRING, "content": STRING}, ("file_path", "content")),
}

_REF = path("ref_or_id", "Reference or id of the pack.", "core")

_PACK = Noun("Pack", "pack", "packs")


PATHS: Json = {
    "/packs": {
        "get": _PACK.listing([IDS, *filters(name="Name.", ref="Reference."), LIMIT, OFFSET, SORT, *SELECTION]),
    },
    "/packs/{ref_or_id}": {"parameters": [_REF], "get": _PACK.read()},
    "/packs/register": {
        "post": operation(
            "registerPacks",
            "Register the content of packs that lie on disk",
            {"200": answer(ref("RegisteredCounts"), "Counts.")},
            request=body(ref("PackRegistration"), required=False, example={"packs": ["core"], "types": ["actions"]}),
            errors=("404", "409"),
        ),
    },
    "/packs/install": {
        "post": operation(
            "installPacks",
            "Install or upgrade packs: an execution of `packs.install` does it",
            {"202": answer(ref("PackChange"), "Requested.")},
            request=body(ref("PackInstallation"), example={"packs": ["slack=1.0.0"]}),
        ),
    },
    "/packs/uninstall": {
        "post": operation(
            "uninstallPacks",
            "Remove packs: an execution of `packs.uninstall` does it",
            {"202": answer(ref("PackChange"), "Requested.")},
            request=body(ref("PackNames"), example={"packs": ["slack"]}),
        ),
    },
    "/packs/unload": {
        "post": operation(
            "unloadPacks",
            "Remove all that is registered of packs, and leave their files (st2lite only)",
            {"200": answer(ref("RegisteredCounts"), "How many of each kind were removed.")},
            request=body(ref("PackNames"), example={"packs": ["slack"]}),
        ),
    },
    "/packs/index": {
        "get": operation(
            "getPackIndex",
            "Read the pack index; 400 when none of the configured ones can be used",
            {"200": answer(ref("PackIndex"), "The index.")},
        ),
    },
    "/packs/index/search": {
        "post": operation(
            "searchPackIndex",
            "Search the pack index: by text (an array), or for one pack (an object; an empty array if there is none)",
            {"200": answer({"anyOf": [array(OBJECT), OBJECT]}, "Entries of the index.")},
            request=body(ref("PackIndexQuery"), example={"query": "chat"}),
        ),
    },
    "/packs/index/health": {
        "get": operation(
            "getPackIndexHealth",
            "Check the configured pack indexes",
            {"200": answer(ref("PackIndexHealth"), "Counts.")},
        ),
    },
    "/packs/views/files/{ref_or_id}": {
        "parameters": [_REF],
        "get": operation(
            "listPackFiles",
            "Read the text files of a pack; those that are missing, binary or larger than 500,000 bytes are left out",
            {"200": answer(array(ref("PackFile")), "Files.")},
            errors=("404",),
        ),
    },
    "/packs/views/file/{ref_or_id}/{file_path}": {
        "parameters": [
            _REF,
            path("file_path", "Path of the file, relative to the pack; may hold slashes.", "pack.yaml"),
        ],
        "get": operation(
            "getPackFile",
            "Read one file of a pack",
            {
                "200": {
                    "description": "The file.",
                    "headers": {
                        "ETag": {"required": True, "schema": STRING},
                        "Last-Modified": {"required": True, "schema": STRING},
                    },
                    "content": {"*/*": {"schema": ANYTHING}},
                },
                "304": empty("The caller has this version already."),
            },
            parameters=[
                header("If-None-Match", STRING, "ETag of the version the caller has."),
                header("If-Modified-Since", STRING, "Last-Modified of the version the caller has."),
            ],
            errors=("403", "404"),
        ),
    },
}

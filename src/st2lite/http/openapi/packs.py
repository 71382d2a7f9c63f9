"""Packs and their files."""

from __future__ import annotations

from st2lite.http.openapi.parts import (
    ANYTHING,
    BOOLEAN,
    IDENTIFIER,
    IDS,
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
    rows,
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
    "PackFile": closed({"file_path": STRING, "content": STRING}, ("file_path", "content")),
}

_REF = path("ref_or_id", "Reference or id of the pack.", "core")
_LATER = "comes with a later release and answers 400 until then"

PATHS: Json = {
    "/packs": {
        "get": operation(
            "listPacks",
            "List packs",
            {"200": rows(ref("Pack"), "Packs.")},
            parameters=[IDS, *filters(name="Name.", ref="Reference."), LIMIT, OFFSET, SORT, *SELECTION],
        ),
    },
    "/packs/{ref_or_id}": {
        "parameters": [_REF],
        "get": operation(
            "getPack",
            "Read a pack",
            {"200": answer(ref("Pack"), "The pack.")},
            parameters=SELECTION,
            errors=("404",),
        ),
    },
    "/packs/register": {
        "post": operation(
            "registerPacks",
            "Register the content of packs that lie on disk",
            {"200": answer(ref("RegisteredCounts"), "Counts.")},
            request=body(ref("PackRegistration"), required=False, example={"packs": ["core"], "types": ["actions"]}),
            errors=("404", "409"),
        ),
    },
    "/packs/install": {"post": operation("installPacks", f"Install packs ({_LATER})", {}, request=body(OBJECT))},
    "/packs/uninstall": {"post": operation("uninstallPacks", f"Uninstall packs ({_LATER})", {}, request=body(OBJECT))},
    "/packs/index": {"get": operation("getPackIndex", f"Read the pack index ({_LATER})", {})},
    "/packs/index/search": {
        "post": operation("searchPackIndex", f"Search the pack index ({_LATER})", {}, request=body(OBJECT))
    },
    "/packs/index/health": {"get": operation("getPackIndexHealth", f"Check the pack index ({_LATER})", {})},
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

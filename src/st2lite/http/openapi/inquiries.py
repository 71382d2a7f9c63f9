"""Inquiries: actions that wait for somebody's answer."""

from __future__ import annotations

from st2lite.http.openapi.parts import (
    IDENTIFIER,
    INTEGER,
    LIMIT,
    OBJECT,
    SELECTION,
    STRING,
    STRINGS,
    Json,
    answer,
    body,
    closed,
    described,
    opened,
    operation,
    path,
    ref,
    rows,
)

SCHEMAS: Json = {
    "Inquiry": closed(
        {
            "id": described(IDENTIFIER, "Id of the execution that waits."),
            "route": STRING,
            "ttl": described(INTEGER, "Minutes it waits; 0 for ever."),
            "users": described(STRINGS, "Who may answer; everybody when empty."),
            "roles": STRINGS,
            "schema": described(OBJECT, "JSON schema of the answer."),
        }
    ),
    "InquiryAnswer": opened({"id": STRING, "response": OBJECT}, ("id", "response")),
    "InquiryAnswered": closed({"id": IDENTIFIER, "response": OBJECT}, ("id", "response")),
}

_ID = path("id", "Id of the execution that waits.", "65f0aa0000000000000000e1")

PATHS: Json = {
    "/inquiries": {
        "get": operation(
            "listInquiries",
            "List the inquiries that wait for an answer",
            {"200": rows(ref("Inquiry"), "Inquiries.")},
            parameters=[LIMIT, *SELECTION],
        ),
    },
    "/inquiries/{id}": {
        "parameters": [_ID],
        "get": operation(
            "getInquiry", "Read an inquiry", {"200": answer(ref("Inquiry"), "The inquiry.")}, errors=("404",)
        ),
        "put": operation(
            "answerInquiry",
            "Answer an inquiry",
            {"200": answer(ref("InquiryAnswered"), "The answer was accepted.")},
            request=body(ref("InquiryAnswer")),
            errors=("403", "404", "409"),
        ),
    },
}

"""Bodies that do not fit their declared shape are refused with the name of the field."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from st2lite.http.bodies import convert
from st2lite.models.errors import InvalidInput


class Inner(msgspec.Struct):
    size: int


class Body(msgspec.Struct):
    action: str
    parameters: dict[str, Any] | None = None
    inner: Inner | None = None


class Closed(msgspec.Struct, forbid_unknown_fields=True):
    status: str | None = None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, 'Required field "action" is missing.'),
        ({"action": 5}, "action: Expected str, got int."),
        ({"action": "a", "inner": {}}, 'Required field "inner.size" is missing.'),
        ({"action": "a", "inner": {"size": "x"}}, "inner.size: Expected int, got str."),
        ({"action": "a", "parameters": []}, "parameters: Expected object | null, got array."),
    ],
)
def test_the_error_names_the_field(value: object, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        convert(value, Body)
    assert caught.value.message == text


def test_unknown_fields_are_ignored_unless_the_body_forbids_them() -> None:
    assert convert({"action": "core.noop", "more": 1}, Body).action == "core.noop"
    with pytest.raises(InvalidInput, match='Field "more" is not known here'):
        convert({"more": 1}, Closed)

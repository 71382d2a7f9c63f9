"""Request bodies with a declared shape."""

from __future__ import annotations

import re
from typing import TypeVar

import falcon
import msgspec

from st2lite.http.media import read_object
from st2lite.models.errors import InvalidInput

T = TypeVar("T")

_MISSING = re.compile(r"Object missing required field `([^`]+)`(?: - at `\$\.?([^`]*)`)?")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]+)`(?: - at `\$\.?([^`]*)`)?")
_WRONG = re.compile(r"(.*) - at `\$\.?([^`]*)`", re.DOTALL)


def read_as(req: falcon.Request, kind: type[T]) -> T:
    """Read the JSON object in the body as the struct `kind`; raise `InvalidInput` naming the field that does not fit.

    Whether unknown fields are an error or ignored is up to the struct.
    """
    return convert(read_object(req), kind)


def convert(value: object, kind: type[T]) -> T:
    """Read plain data as the struct `kind`; raise `InvalidInput` naming the field that does not fit."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InvalidInput(_explain(str(error))) from None


def _explain(problem: str) -> str:
    problem = problem.strip()
    if match := _MISSING.fullmatch(problem):
        return f'Required field "{_join(match[2], match[1])}" is missing.'
    if match := _UNKNOWN.fullmatch(problem):
        return f'Field "{_join(match[2], match[1])}" is not known here; leave it out.'
    if match := _WRONG.fullmatch(problem):
        return f"{match[2] or 'body'}: {match[1].replace('`', '')}."
    return problem.replace("`", "")


def _join(path: str | None, name: str) -> str:
    return f"{path}.{name}" if path else name

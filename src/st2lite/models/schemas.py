"""Validate values against schemas of parameters, configurations and answers.

A schema is JSON schema draft 4; in addition `required: true` may stand in the schema of a property, and null is
accepted where a property is optional or has null as its default. Plain schemas, nearly all of them, are judged here;
the schema library, costly to import, is only asked for the rest. A `$ref` is resolved within the schema, never fetched.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from st2lite.models.action import Schema
from st2lite.models.errors import InvalidInput
from st2lite.models.patterns import compile_pattern
from st2lite.models.schema_rules import schema_problems

_SHOWN = 200
"""Characters of an unfit value that an error text repeats."""

_IS_A: dict[str, Callable[[Any], bool]] = {
    "array": lambda v: isinstance(v, list),
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "null": lambda v: v is None,
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "object": lambda v: isinstance(v, dict),
    "string": lambda v: isinstance(v, str),
}
_ANNOTATIONS = frozenset({"description", "title", "default", "immutable", "secret", "position", "format"})

_QUICK: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda v, wanted: isinstance(wanted, str) and wanted in _IS_A and _IS_A[wanted](v),
    # Python takes True for 1, within lists and objects, too.
    "enum": lambda v, choices: (
        not isinstance(v, (list, dict)) and any(type(choice) is type(v) and choice == v for choice in choices)
    ),
    "required": lambda _, wanted: isinstance(wanted, bool),
    "pattern": lambda v, pattern: not isinstance(v, str) or compile_pattern(pattern).search(v) is not None,
    "minLength": lambda v, bound: not isinstance(v, str) or len(v) >= bound,
    "maxLength": lambda v, bound: not isinstance(v, str) or len(v) <= bound,
    "minimum": lambda v, bound: not _IS_A["number"](v) or v >= bound,
    "maximum": lambda v, bound: not _IS_A["number"](v) or v <= bound,
    "items": lambda v, sub: (
        isinstance(sub, dict) and (not isinstance(v, list) or all(_surely_fits(item, sub) for item in v))
    ),
    "properties": lambda v, subs: not isinstance(v, dict) or all(_property_fits(v, *pair) for pair in subs.items()),
}
"""Keywords that can be told to hold without the schema library; what does not hold for certain is left to it."""


def value_problems(name: str, value: Any, schema: Schema, noun: str = "Parameter") -> list[str]:
    """Say what is wrong with one value, a text per problem; secret values are not repeated in it."""
    if value is None and accepts_null(schema):
        return []
    label = f'{noun} "{name}"'
    wanted = schema.get("type")
    if "$ref" not in schema and isinstance(wanted, str) and wanted in _IS_A and not _IS_A[wanted](value):
        return [f"{label}: {_show(value, schema)} is not of type '{wanted}'; give {_article(wanted)} {wanted}"]
    if _surely_fits(value, schema):
        return []
    choices = schema.get("enum")
    if choices and isinstance(value, str) and value not in choices:
        return [f"{label}: {_show(value, schema)} is not one of {_shorten(repr(choices))}"]
    return [f"{label}{path}: {text}" for path, text in _library_problems(value, schema)]


def map_problems(values: Mapping[str, Any], schemas: Mapping[str, Schema], noun: str = "Parameter") -> list[str]:
    """Say what is wrong with a map of values, each with a schema of its own; names without a schema are let pass."""
    problems = missing_problems(values, schemas, noun)
    for name, value in values.items():
        if name in schemas:
            problems += value_problems(name, value, schemas[name], noun)
    return problems


def _surely_fits(value: Any, schema: Schema) -> bool:
    """Tell whether a value fits for certain; False means that it takes the schema library to know."""
    return all(
        keyword in _ANNOTATIONS or (keyword in _QUICK and _QUICK[keyword](value, wanted))
        for keyword, wanted in schema.items()
    )


def _property_fits(value: dict[str, Any], name: str, schema: Schema) -> bool:
    if value.get(name) is None:
        return accepts_null(schema) and "$ref" not in schema
    return _surely_fits(value[name], schema)


def missing_problems(values: Mapping[str, Any], schemas: Mapping[str, Schema], noun: str = "Parameter") -> list[str]:
    """One text for each required name that has neither a value nor a default."""
    return [
        f"'{name}' is a required property: {noun.lower()} \"{name}\" has no value and no default{_explain(schema)}"
        for name, schema in schemas.items()
        if schema.get("required") is True and name not in values and "default" not in schema
    ]


def accepts_null(schema: Schema) -> bool:
    """Tell whether null is as good as no value: the property is optional, or null is its default."""
    return schema.get("required") is not True or schema.get("default", 0) is None


def has_secret(schema: Any) -> bool:
    """Tell whether a schema marks anything in it as secret."""
    if isinstance(schema, dict):
        return schema.get("secret") is True or any(map(has_secret, schema.values()))
    return isinstance(schema, list) and any(map(has_secret, schema))


def document_problems(value: Any, schema: Schema, name: str) -> list[str]:
    """Say what is wrong with a whole value called `name`; raise `InvalidInput` if the schema itself is not valid."""
    if "required" not in schema and _surely_fits(value, schema):
        return []
    return [f"{name}{path}: {text}" for path, text in _library_problems(value, schema)]


def _explain(schema: Schema) -> str:
    known = [schema[key] for key in ("type", "description") if isinstance(schema.get(key), str)]
    return f" ({': '.join(known)})" if known else ""


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _show(value: Any, schema: Schema) -> str:
    return "the value" if has_secret(schema) else _shorten(repr(value))


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _library_problems(value: Any, schema: Schema) -> Iterator[tuple[str, str]]:
    """Pairs of where (`.a[0]`, empty at the top) and what, as the schema library sees it."""
    from referencing.exceptions import Unresolvable

    hidden = has_secret(schema)
    try:
        for error in _validator(msgspec.json.encode(schema)).iter_errors(value):
            path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
            yield path, _hide(error) if hidden else _shorten(error.message)
    except Unresolvable as error:
        raise InvalidInput(
            f'The schema refers to "{error.ref}", which is not part of it; references are never fetched, '
            "so write the schema out"
        ) from None


def _hide(error: Any) -> str:
    """What is wrong, without the value."""
    if error.validator == "required":
        return str(error.message)
    if error.validator == "type":
        return f"the value is not of type {error.validator_value!r}"
    return f'the value breaks the rule "{error.validator}"'


@functools.lru_cache(maxsize=256)
def _validator(encoded: bytes) -> Any:
    import referencing
    from jsonschema import Draft4Validator, validators

    schema = msgspec.json.decode(encoded)
    wrong = list(schema_problems(schema, "schema"))
    if wrong:
        raise InvalidInput("; ".join(wrong))
    extend: Any = validators.extend
    kind = extend(Draft4Validator, {"required": _required, "properties": _properties, "pattern": _pattern})
    return kind(schema, registry=referencing.Registry())


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterable[Any]:
    from jsonschema import ValidationError

    if isinstance(instance, str) and compile_pattern(pattern).search(instance) is None:
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _required(validator: Any, required: Any, instance: Any, schema: Any) -> Iterable[Any]:
    """Draft 4 wants a list; `true` belongs to the property's own schema and is looked at by `_properties`."""
    if isinstance(required, list):
        from jsonschema import Draft4Validator

        yield from Draft4Validator.VALIDATORS["required"](validator, required, instance, schema)


def _properties(validator: Any, properties: Mapping[str, Any], instance: Any, _schema: Any) -> Iterable[Any]:
    if not isinstance(instance, dict):
        return
    for name, subschema in properties.items():
        value = instance.get(name)
        if value is None:
            value = subschema.get("default")
        if value is None and accepts_null(subschema):
            continue
        if value is None and name not in instance:
            from jsonschema import ValidationError

            yield ValidationError(f"{name!r} is a required property", validator="required")
            continue
        yield from validator.descend(value, subschema, path=name, schema_path=name)

"""Jinja templates: sandboxed, strict about undefined names, compiled once.

Jinja is imported with the first text that needs it: most executions have none.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from st2lite.models.errors import RenderError, StoreUnavailable
from st2lite.rendering.crypto import KEY_RING

if TYPE_CHECKING:
    import jinja2

CONTEXT = "__context"
"""Name under which a template reaches all its variables, also those that are no identifiers."""
_REMEMBERED_LENGTH = 4096
"""Characters; longer templates are compiled each time, so that callers cannot fill the memory with them."""
_BARE_NAME = re.compile(r"\{\{(\w+)\}\}")


class Template:
    """A compiled template; `names` are the variables that it refers to."""

    __slots__ = ("_compiled", "names")

    def __init__(self, compiled: jinja2.Template, names: frozenset[str]) -> None:
        self._compiled = compiled
        self.names = names

    def render(self, variables: Mapping[str, Any]) -> str:
        """Text of the template; raise `RenderError` if anything in it fails."""
        if CONTEXT in self.names:
            variables = {**variables, CONTEXT: {name: v for name, v in variables.items() if name != KEY_RING}}
        try:
            return self._compiled.render(variables)
        except (StoreUnavailable, RenderError):
            raise
        except Exception as error:
            raise RenderError(str(error) or type(error).__name__) from error


class NotATemplate(RenderError):
    """Text with braces that is not Jinja, such as a Go template: to be taken literally."""


def is_template(value: Any) -> bool:
    """Tell whether a value is text that looks like a Jinja template."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def contains_template(value: Any) -> bool:
    """Tell whether a value is, or contains at any depth, text that looks like a Jinja template."""
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    if isinstance(value, dict):
        return any(contains_template(k) or contains_template(v) for k, v in value.items())
    return isinstance(value, (list, tuple)) and any(map(contains_template, value))


def compile_template(source: str) -> Template:
    """Compile a template; raise `NotATemplate` for text that is not Jinja and `RenderError` for an unknown filter."""
    return _compile_once(source) if len(source) <= _REMEMBERED_LENGTH else _compile(source)


def _compile(source: str, environment: jinja2.Environment | None = None) -> Template:
    from jinja2 import TemplateAssertionError, TemplateSyntaxError, meta

    environment = environment or _environment()
    try:
        tree = environment.parse(source)
        names = frozenset(meta.find_undeclared_variables(tree))
        return Template(environment.from_string(tree), names)
    except TemplateAssertionError as error:
        raise RenderError(f"line {error.lineno}: {error.message}") from None
    except TemplateSyntaxError as error:
        raise NotATemplate(f"line {error.lineno}: {error.message}") from None


_compile_once = functools.lru_cache(maxsize=512)(_compile)


def render(source: str, variables: Mapping[str, Any]) -> str:
    """Render one text; text that is not Jinja comes back as it is."""
    if not is_template(source):
        return source
    try:
        template = compile_template(source)
    except NotATemplate:
        return source
    return template.render(variables)


def render_lenient(source: str, variables: Mapping[str, Any]) -> str:
    """Render one text in which names may be missing: they are empty, however deep one looks into them."""
    return _compile(source, _lenient_environment()).render(variables)


def render_value(value: Any, variables: Mapping[str, Any]) -> Any:
    """Render every template within a value and return a copy.

    A list item, map value or key that is exactly `{{name}}` becomes the variable itself, of whatever type. Other
    templates within a list or map are text in which JSON escapes count, as if the whole had been written as JSON.
    """
    if isinstance(value, str):
        return render(value, variables)
    return _render_inner(value, variables)


def names_in(value: Any) -> frozenset[str]:
    """Variables that the templates within a value refer to."""
    return frozenset().union(*(template.names for template in _templates(value)))


def _templates(value: Any) -> Iterator[Template]:
    if is_template(value):
        try:
            yield compile_template(value)
        except NotATemplate:
            return
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _templates(key)
            yield from _templates(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _templates(item)


def _render_inner(value: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {str(_render_inner(key, variables)): _render_inner(item, variables) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_render_inner(item, variables) for item in value]
    if not is_template(value):
        return value
    bare = _BARE_NAME.fullmatch(value)
    if bare and bare[1] in variables:
        return variables[bare[1]]
    return _render_as_json(value, variables)


def _render_as_json(source: str, variables: Mapping[str, Any]) -> str:
    """Render text as a part of a JSON document, so that filters like json_escape have the effect they have there.

    Each text is taken for itself: a value with quotes in it cannot change the structure around it.
    """
    import json

    try:
        text = json.loads(f'"{render(json.dumps(source, ensure_ascii=False)[1:-1], variables)}"')
    except ValueError:
        return render(source, variables)
    return str(text)


@functools.cache
def _environment() -> jinja2.Environment:
    from st2lite.rendering.bounds import BoundedEnvironment
    from st2lite.rendering.filters import FILTERS

    return BoundedEnvironment(FILTERS)


@functools.cache
def _lenient_environment() -> jinja2.Environment:
    from jinja2 import ChainableUndefined

    return _environment().overlay(undefined=ChainableUndefined)

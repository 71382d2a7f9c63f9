"""A Jinja environment in which no expression makes something huge, and no loop goes on for ever.

One text of a gigabyte, or one number of a million digits, is a single step that nothing can interrupt: it would take
the memory, or stop all threads, of the whole service. Such a step is refused before it is made. Loops within loops and
macros that call each other are given up when they have used too much of a processor.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import SandboxedEnvironment

from st2lite.models.errors import RenderError

LARGEST = 16 * 1024 * 1024
"""Characters of a text, or items of a list: more than an execution may keep."""
LONGEST = 2.0
"""Seconds of a processor that one template may take."""
_MOST_BITS = 100_000
_STEPS_AT_ONCE = 64
_MOST = 8 * LARGEST
_LOOP = "_each_step"
_LAZY_FILTERS = ("map", "reject", "rejectattr", "select", "selectattr")
_LONG_NUMBER = re.compile(r"\d{8,}")
_VALUE_AS_WIDTH = re.compile(r"%[^%a-zA-Z]*\*|\{[^{}]*:[^{}]*\{")


class _BoundedContext(Context):
    """The variables of a template while it is rendered, and how long it has been at it."""

    _steps = 0
    _until = 0.0
    _made = 0

    def step(self) -> None:
        """Say that a loop goes round, or something is called."""
        self._steps += 1
        if self._steps % _STEPS_AT_ONCE:
            return
        now = time.thread_time()
        self._until = self._until or now + LONGEST
        if now > self._until:
            raise RenderError(f"its loops and calls take more than {LONGEST:g} s; let an action do such work")

    def keep(self, value: Any) -> Any:
        """Return a text or list that was made; a template may keep all that it makes."""
        self._made += _length(value)
        if self._made > _MOST:
            raise RenderError(f"it makes more than {_MOST} characters or items all together")
        return value

    def concat(self, parts: Iterable[str]) -> Any:
        """Join the operands of `~`."""
        return self.keep(BoundedEnvironment.concat(parts))


class _Generator(CodeGenerator):
    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("context.concat(map(str, (")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write(")))")


class BoundedEnvironment(SandboxedEnvironment):
    """Sandboxed, strict about undefined names, and bounded."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})
    code_generator_class = _Generator
    context_class = _BoundedContext

    def __init__(self, filters: dict[str, Callable[..., Any]]) -> None:
        super().__init__(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self.filters.update(filters)
        for name, size in _FILTER_SIZES.items():
            self.filters[name] = _bounded(self.filters[name], size)
        for name in _LAZY_FILTERS:
            self.filters[name] = _stepwise(self.filters[name])
        self.filters[_LOOP] = _each_step
        del self.globals["lipsum"]

    def _generate(self, source: nodes.Template, *given: Any, **named: Any) -> str:
        for loop in source.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, _LOOP, [], [], None, None)
        return super()._generate(source, *given, **named)

    @staticmethod
    def concat(parts: Iterable[str]) -> str:
        """Join the pieces of a template's output."""
        pieces, size = [], 0
        for piece in parts:
            size += len(piece)
            _check(size)
            pieces.append(piece)
        return "".join(pieces)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        _check_operation(operator, left, right)
        made = super().call_binop(context, operator, left, right)
        return context.keep(made) if isinstance(context, _BoundedContext) else made

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(__context, _BoundedContext):
            __context.step()
        if isinstance(__obj, LoopContext) and args:
            args = (_each_step(__context, args[0]), *args[1:])
        method = getattr(__obj, "__wrapped__", __obj)  # the sandbox wraps format
        text = getattr(method, "__self__", None)
        if isinstance(text, str):
            size = _METHOD_SIZES.get(method.__name__)
            _check(size(text, *args, **kwargs) if size else 0)
        elif isinstance(text, list) and method.__name__ == "extend":
            _check(len(text) + sum(map(_length, args)))
        made = super().call(__context, __obj, *args, **kwargs)
        return __context.keep(made) if isinstance(__context, _BoundedContext) else made


@pass_context
def _each_step(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    """The items of a loop, counted."""
    for item in items:
        if isinstance(context, _BoundedContext):
            context.step()
        yield item


def _stepwise(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that takes its items one by one, counted."""

    @functools.wraps(function)
    def counted(context: Context, items: Any, *given: Any, **named: Any) -> Any:
        return function(context, _each_step(context, items) if items else items, *given, **named)

    return counted


def _check(size: Any) -> None:
    if isinstance(size, (int, float)) and size > LARGEST:
        raise RenderError(f"the outcome would have {size} characters or items; at most {LARGEST} are possible")


def _check_operation(operator: str, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
        if operator in ("*", "**") and bits > _MOST_BITS:
            raise RenderError(f"the number would have {bits} bits; at most {_MOST_BITS} are possible")
    elif operator == "*":
        _check(_length(left) * right if isinstance(right, int) else _length(right) * left if _length(right) else 0)
    elif operator == "+":
        _check(_length(left) + _length(right))
    elif operator == "%" and isinstance(left, str):
        _check(_formatted(left, *(right if isinstance(right, tuple) else (right,))))


def _length(value: Any) -> int:
    return len(value) if isinstance(value, (str, bytes, list, tuple)) else 0


def _widest(_text: Any, *given: Any, **named: Any) -> int:
    """The largest whole number among the arguments: a width, or a count."""
    return max((value for value in (*given, *named.values()) if isinstance(value, int)), default=0)


def _formatted(text: str, *given: Any, **named: Any) -> int:
    """The largest width in a format, or among the values if it takes a width from one of them."""
    widths = [int(number) for number in _LONG_NUMBER.findall(text)]
    return max([*widths, _widest(text, *given, **named) if _VALUE_AS_WIDTH.search(text) else 0])


def _replaced(text: Any, old: Any, new: Any, *_given: Any, **_named: Any) -> int:
    whole, part = str(text), str(old)
    return len(whole) + whole.count(part) * max(len(str(new)) - len(part), 0)


def _joined(separator: Any, parts: Any) -> int:
    return _length(separator) * _length(parts) + sum(_length(part) for part in parts) if _length(parts) else 0


def _indented(text: Any, width: Any = 4, *_given: Any, **_named: Any) -> int:
    lines = str(text)
    return len(lines) + (lines.count("\n") + 1) * (width if isinstance(width, int) else _length(width))


_METHOD_SIZES: dict[str, Callable[..., int]] = {
    **dict.fromkeys(("center", "ljust", "rjust", "zfill"), _widest),
    "expandtabs": lambda text, size=8: text.count("\t") * size,
    "format": _formatted,
    "format_map": lambda text, values: _formatted(text, *values.values()),
    "join": _joined,
    "replace": _replaced,
}
"""How large what a method of a text returns would be, at least."""

_FILTER_SIZES: dict[str, Callable[..., int]] = {
    **dict.fromkeys(("batch", "center", "slice"), _widest),
    "format": _formatted,
    "indent": _indented,
    "join": lambda _context, value, d="", attribute=None: 0 if attribute else _joined(d, value),
    "replace": lambda _context, *given, **named: _replaced(*given, **named),
}


def _bounded(function: Callable[..., Any], size: Callable[..., int]) -> Callable[..., Any]:
    @functools.wraps(function)
    def checked(*given: Any, **named: Any) -> Any:
        _check(size(*given, **named))
        return function(*given, **named)

    return checked

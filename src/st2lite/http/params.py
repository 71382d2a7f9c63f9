"""Query parameters: single values, and the standard parameters that every list understands.

Only parameters that an endpoint declares reach it; all others are ignored, as clients expect.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import falcon

from st2lite.models.errors import InvalidInput
from st2lite.models.timestamps import parse_timestamp
from st2lite.storage.contract import Equal, Filter, In, Order, Range

_TRUE = frozenset({"true", "1", "yes", "y"})
_FALSE = frozenset({"false", "0", "no", "n"})
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_BEYOND = 2**31
_MOST_VALUES = 100
_NULL = "null"


def text(req: falcon.Request, name: str) -> str | None:
    """Value of a parameter; an empty one counts as absent."""
    return req.get_param(name) or None


def boolean(req: falcon.Request, name: str, default: bool = False) -> bool:
    """Value of a yes/no parameter: true, 1, yes, y or false, 0, no, n in any case."""
    value = text(req, name)
    if value is None:
        return default
    word = value.lower()
    if word not in _TRUE and word not in _FALSE:
        raise InvalidInput(f'Parameter "{name}" is not of type boolean: "{value}"; use true or false.')
    return word in _TRUE


def integer(req: falcon.Request, name: str) -> int | None:
    """Value of an integer parameter, None when absent."""
    value = text(req, name)
    if value is None:
        return None
    if not _INTEGER.fullmatch(value):
        raise InvalidInput(f'Parameter "{name}" is not of type integer: "{value}".')
    return int(value)


def choice(req: falcon.Request, name: str, allowed: tuple[str, ...], default: str) -> str:
    """Value of a parameter that takes one of a few words."""
    value = text(req, name)
    if value is None:
        return default
    if value not in allowed:
        raise InvalidInput(f'Parameter "{name}" is "{value}"; use one of: {", ".join(allowed)}.')
    return value


def words(req: falcon.Request, name: str) -> tuple[str, ...]:
    """The parts of a comma separated parameter, blanks removed."""
    return tuple(part.strip() for part in (text(req, name) or "").split(",") if part.strip())


@dataclass(frozen=True)
class Selection:
    """Which attributes a response carries: `include` (only these) or `exclude`, as dotted paths; never both."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def of(self, view: dict[str, object], kept: tuple[str, ...] = ("id",)) -> dict[str, object]:
        """Return the selected part of a view; the attributes in `kept` stay whatever `include` says."""
        if self.exclude:
            dropped = {path.partition(".")[0] for path in self.exclude}
            return {key: value for key, value in view.items() if key not in dropped}
        if not self.include:
            return view
        part: dict[str, object] = {key: view[key] for key in kept if key in view}
        for path in self.include:
            head, _, rest = path.partition(".")
            if head in view:
                _graft(part, head, view[head], rest)
        return part


def _graft(target: dict[str, object], head: str, value: object, rest: str) -> None:
    """Put `value`, reduced to the dotted path `rest`, under `head`, beside what other paths put there."""
    if not rest or not isinstance(value, dict):
        target[head] = value
        return
    inner = target.get(head)
    if inner is value:
        return
    if not isinstance(inner, dict):
        inner = target[head] = {}
    key, _, deeper = rest.partition(".")
    if key in value:
        _graft(inner, key, value[key], deeper)


def read_selection(req: falcon.Request, excludable: frozenset[str] | None = None) -> Selection:
    """Read `include_attributes` and `exclude_attributes`; only attributes in `excludable` may be excluded."""
    include, exclude = words(req, "include_attributes"), words(req, "exclude_attributes")
    if include and exclude:
        raise InvalidInput("include_attributes and exclude_attributes cannot be used together; keep one of them.")
    for path in exclude:
        if excludable is not None and path not in excludable:
            raise InvalidInput(
                f'exclude_attributes: "{path}" cannot be excluded here; these can: {", ".join(sorted(excludable))}.'
            )
    return Selection(include, exclude)


@dataclass(frozen=True)
class Period:
    """Two parameters that take timestamps, both exclusive, and the stored field that has to lie between them."""

    field: str
    after: str
    before: str


@dataclass(frozen=True)
class ListSpec:
    """What one list understands.

    `filters` maps each declared filter parameter to the stored field it compares; `sortable` does so for the keys of
    `sort` (None: the list takes no `sort`). `default_limit` None means all rows. `timestamps` names the filters that
    hold points in time, `flags` those that take yes or no; `excludable` the only attributes that may be left out (None:
    any).
    """

    filters: Mapping[str, str] = field(default_factory=dict)
    sortable: Mapping[str, str] | None = None
    order: tuple[Order, ...] = ()
    default_limit: int | None = 100
    excludable: frozenset[str] | None = None
    timestamps: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    period: Period | None = None


@dataclass(frozen=True)
class ListQuery:
    """A list request, ready for the store. `limit` None asks for everything."""

    filters: tuple[Filter, ...]
    order: tuple[Order, ...]
    limit: int | None
    offset: int
    selection: Selection


def read_list(req: falcon.Request, spec: ListSpec) -> ListQuery:
    """Read the standard list parameters of a request; raise `InvalidInput` naming the one that is wrong."""
    return ListQuery(
        filters=tuple(_filters(req, spec)),
        order=_order(req, spec),
        limit=read_limit(req, spec.default_limit),
        offset=read_offset(req),
        selection=read_selection(req, spec.excludable),
    )


def read_limit(req: falcon.Request, default: int | None) -> int | None:
    """Read `limit`: a positive number, or -1 for everything (None)."""
    limit = integer(req, "limit")
    if limit is None:
        return default
    if limit == -1:
        return None
    if not 0 < limit < _BEYOND:
        raise InvalidInput(f'Limit, "{limit}" specified, must be a positive number (or -1 for all rows).')
    return limit


def read_offset(req: falcon.Request) -> int:
    """Read `offset`: how many rows to skip."""
    offset = integer(req, "offset") or 0
    if not 0 <= offset < _BEYOND:
        raise InvalidInput(f'Offset, "{offset}" specified, must lie between 0 and {_BEYOND - 1}.')
    return offset


def read_ids(req: falcon.Request) -> tuple[str, ...]:
    """Read `id`: one id or several, separated by commas."""
    identifiers = words(req, "id")
    if len(identifiers) > _MOST_VALUES:
        raise InvalidInput(f'Parameter "id" lists {len(identifiers)} ids; at most {_MOST_VALUES} are allowed.')
    return identifiers


def _filters(req: falcon.Request, spec: ListSpec) -> list[Filter]:
    filters: list[Filter] = []
    identifiers = read_ids(req)
    if identifiers:
        filters.append(In("id", identifiers))
    for name, stored in spec.filters.items():
        value = text(req, name)
        if value is None:
            continue
        if name in spec.flags:
            filters.append(Equal(stored, boolean(req, name)))
        else:
            convert = _moment if name in spec.timestamps else None
            filters.append(equality(name, stored, value, convert))
    if spec.period is not None:
        filters += _between(req, spec.period)
    return filters


def equality(name: str, stored: str, value: str, convert: Callable[[str, str], str] | None = None) -> Filter:
    """Filter for one declared parameter. The text `null`, in any case, asks for rows without a value."""
    if value.lower() == _NULL:
        return Equal(stored, None)
    return Equal(stored, convert(value, name) if convert else value)


def _moment(value: str, name: str) -> str:
    return parse_timestamp(value, name)


def _between(req: falcon.Request, period: Period) -> list[Filter]:
    gt, lt = text(req, period.after), text(req, period.before)
    if gt is None and lt is None:
        return []
    after = parse_timestamp(gt, period.after) if gt else None
    return [Range(period.field, gt=after, lt=parse_timestamp(lt, period.before) if lt else None)]


def _order(req: falcon.Request, spec: ListSpec) -> tuple[Order, ...]:
    if spec.sortable is None:
        return spec.order
    keys = []
    for word in words(req, "sort"):
        stored = spec.sortable.get(word.lstrip("+-"))
        if stored is not None:
            keys.append(Order(stored, descending=word.startswith("-")))
    return tuple(keys) or spec.order

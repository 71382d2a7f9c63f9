"""Action aliases, from a file or from the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from st2lite.content.metadata import Shape, is_ref
from st2lite.models.alias import ActionAlias
from st2lite.models.alias_formats import compile_format, representations
from st2lite.models.errors import ContentError, InvalidInput
from st2lite.storage.contract import In, Store

_SHAPE = Shape(
    "an action alias",
    texts=("action_ref",),
    maps=("ack", "result", "extra", "immutable_parameters"),
    others=("enabled", "formats"),
    required=("name", "action_ref", "formats"),
)
_FORMAT_KEYS = frozenset({"display", "representation", "match_multiple"})
_BLOCK_KEYS = {
    "ack": frozenset({"enabled", "format", "extra", "append_url"}),
    "result": frozenset({"enabled", "format", "extra"}),
}


def make_alias(content: Mapping[str, Any], pack: str) -> ActionAlias:
    """The alias that metadata describes; `pack` is the one it has to belong to.

    Raise `ContentError` that lists all that is wrong with it.
    """
    problems = list(_SHAPE.problems(content, pack))
    if not problems:
        problems = list(_problems(content))
    if problems:
        raise ContentError("; ".join(problems))
    alias = ActionAlias(
        name=content["name"],
        pack=pack,
        description=content.get("description") or "",
        enabled=content.get("enabled", True),
        action_ref=content["action_ref"],
        formats=content["formats"],
        ack=content.get("ack") or {},
        result=content.get("result") or {},
        extra=content.get("extra") or {},
        immutable_parameters=content.get("immutable_parameters") or {},
        metadata_file=content.get("metadata_file") or "",
    )
    try:
        for representation in representations(alias):
            compile_format(representation.format)
    except InvalidInput as error:
        raise ContentError(error.message) from None
    return alias


def same_name(store: Store, names: Sequence[str], pack: str) -> dict[str, ActionAlias]:
    """Aliases of other packs by name, as far as they have one of these names.

    People say commands without naming a pack, and clients ask for an alias by its bare name: names have to be unique.
    """
    stored = store.find(ActionAlias, [In("name", tuple(names))]) if names else []
    return {alias.name: alias for alias in stored if alias.pack != pack}


def name_is_taken(alias: ActionAlias, other: ActionAlias) -> str:
    """What to say of an alias that has the name of another pack's."""
    return (
        f'the name "{alias.name}" is taken by the alias {other.ref}, and names of aliases are unique across packs; '
        "rename one of them, or delete the other"
    )


def _problems(content: Mapping[str, Any]) -> Iterator[str]:
    if not is_ref(content["action_ref"]):
        yield f'action_ref "{content["action_ref"]}" has to be a reference such as core.local'
    if not isinstance(content["formats"], list):
        yield "formats has to be a list"
        return
    for position, item in enumerate(content["formats"]):
        yield from _format_problems(f"formats[{position}]", item)
    for block, known in _BLOCK_KEYS.items():
        for key in (content.get(block) or {}).keys() - known:
            yield f'{block}: unknown attribute "{key}"; there are {", ".join(sorted(known))}'


def _format_problems(where: str, item: Any) -> Iterator[str]:
    if isinstance(item, str):
        return
    if not isinstance(item, dict):
        yield f"{where} has to be text, or a map with display and representation"
        return
    for key in item.keys() - _FORMAT_KEYS:
        yield f'{where}: unknown attribute "{key}"; a format has {", ".join(sorted(_FORMAT_KEYS))}'
    texts = item.get("representation") or []
    if not isinstance(texts, (str, list)) or not all(isinstance(text, str) for text in texts):
        yield f"{where}.representation has to be text, or a list of texts"
    if not isinstance(item.get("display") or "", str):
        yield f"{where}.display has to be text"
    if not isinstance(item.get("match_multiple", False), bool):
        yield f"{where}.match_multiple has to be true or false"

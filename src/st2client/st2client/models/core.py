"""The base of every resource object: a bag of the attributes the server sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, Union

T = TypeVar("T", bound="Resource")


class Resource:
    """Attributes come from the keyword arguments; an attribute the server left out does not exist."""

    #: Name of the resource in the command line, if it is not the class's name.
    _alias: ClassVar[str | None] = None
    #: Name for people, singular and plural.
    _display_name: ClassVar[str | None] = None
    _plural_display_name: ClassVar[str | None] = None
    #: Plural in one word; lower-cased it is the URL path, unless ``_url_path`` says otherwise.
    _plural: ClassVar[str | None] = None
    _url_path: ClassVar[str | None] = None
    #: What ``repr()`` shows.
    _repr_attributes: ClassVar[Sequence[str]] = ()

    def __init__(self, *_args: Any, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...

    def to_dict(self, exclude_attributes: Sequence[str] | None = None) -> dict[str, Any]:
        """The attributes as a dictionary, less the excluded ones."""
        skipped = exclude_attributes or ()
        return {name: value for name, value in self.__dict__.items() if name not in skipped and name[:2] != "__"}

    def serialize(self) -> dict[str, Any]:
        """The attributes as they are sent to the server (private ones stay here)."""
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    @classmethod
    def deserialize(cls: type[T], doc: Union[dict[str, Any], str, bytes]) -> T:
        """Build the resource from a dictionary or from JSON text."""
        return cls(**(doc if isinstance(doc, dict) else json.loads(doc)))

    @classmethod
    def get_alias(cls) -> str:
        return cls._alias or cls.__name__

    @classmethod
    def get_display_name(cls) -> str:
        return cls._display_name or cls.__name__

    @classmethod
    def get_plural_name(cls) -> str:
        if not cls._plural:
            raise TypeError(f"{cls.__name__} has no plural name, so it has no URL of its own")
        return cls._plural

    @classmethod
    def get_plural_display_name(cls) -> str:
        return cls._plural_display_name or cls.get_plural_name()

    @classmethod
    def get_url_path_name(cls) -> str:
        return cls._url_path or cls.get_plural_name().lower()

    def __repr__(self) -> str:
        if not self._repr_attributes:
            return super().__repr__()
        shown = ",".join(f"{name}={getattr(self, name, None)}" for name in self._repr_attributes)
        return f"<{type(self).__name__} {shown}>"


def __getattr__(name: str) -> Any:
    """Managers used to live in this module; scripts may still import them from here."""
    if name.endswith("Manager"):
        import st2client.managers

        return getattr(st2client.managers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

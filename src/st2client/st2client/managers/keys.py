"""The datastore."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from st2client.managers.base import ResourceManager


class KeyValuePairResourceManager(ResourceManager):
    """Key-value pairs, addressed by name. ``scope``, ``user`` and ``decrypt`` go into the query."""

    def get_by_name(self, name: str, **kwargs: Any) -> Any:
        """Return the pair of a name; an empty list when there is none (as scripts expect)."""
        options = {option: kwargs.pop(option) for option in ("token", "api_key") if option in kwargs}
        params = {**(kwargs.pop("params", None) or {}), **kwargs}
        given = {option: value for option, value in params.items() if value is not None}
        response = self.call_if_found("GET", f"{self.url(name)}/?{urlencode(given)}", **options)
        return [] if response is None else self._load(response)

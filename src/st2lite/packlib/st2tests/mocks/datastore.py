"""A datastore that forgets everything after the test."""

from __future__ import annotations

import logging
from typing import Any

from st2lite_actions.datastore import DatastoreService
from st2lite_actions.rest import ApiError, RestClient

__all__ = ["MockDatastoreService"]


class _Items(RestClient):
    """Answers the calls that are made of the datastore from a dictionary."""

    def __init__(self) -> None:
        super().__init__("http://tests", "")
        self._items: dict[str, dict[str, Any]] = {}

    def call(self, method: str, *path: str, query: dict[str, Any] | None = None, body: Any = None) -> Any:
        if path[0] == "user":
            return {"username": "admin", "rbac": {"is_admin": True, "enabled": False, "roles": []}}
        if len(path) == 1:
            return self._list(query or {})
        name = path[1]
        if method == "PUT":
            self._items[name] = {**body, "secret": False, "encrypted": False}
        elif name not in self._items:
            raise ApiError(404, f'There is no datastore item "{name}".')
        return self._items.pop(name) if method == "DELETE" else self._items[name]

    def _list(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        start = query.get("offset") or 0
        names = sorted(name for name in self._items if name.startswith(query.get("prefix") or ""))
        return [self._items[name] for name in names[start : start + query["limit"]]]


class MockDatastoreService(DatastoreService):
    """The datastore as actions and sensors see it, empty at the beginning; values are kept as they are, unencrypted."""

    def __init__(self, logger: logging.Logger, pack_name: str, class_name: str) -> None:
        super().__init__(_Items(), logger, pack_name, class_name)

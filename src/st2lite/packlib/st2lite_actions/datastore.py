"""The datastore as actions (and later sensors) of packs see it."""

from __future__ import annotations

import logging
from typing import Any

from st2lite_actions.rest import ApiError, RestClient

_SCOPE = "system"
_PAGE = 100


class KeyValuePair:
    """One item of the datastore; its attributes are the fields that the API shows."""

    def __init__(self, **fields: Any) -> None:
        self.id: str | None = None
        self.uid: str | None = None
        self.name: str | None = None
        self.value: str | None = None
        self.scope: str | None = None
        self.user: str | None = None
        self.secret = False
        self.encrypted = False
        self.ttl: int | None = None
        self.expire_timestamp: str | None = None
        self.__dict__.update(fields)

    def serialize(self) -> dict[str, Any]:
        """Return the fields that are set."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def __repr__(self) -> str:
        return f"<KeyValuePair name={self.name},scope={self.scope}>"


class DatastoreService:
    """Reads and writes items; those with `local=True` have names of their own for each class of each pack."""

    def __init__(self, client: RestClient, logger: logging.Logger, pack_name: str, class_name: str) -> None:
        self._client = client
        self._logger = logger
        self._prefix = f"{pack_name}.{class_name}:"

    def get_user_info(self) -> dict[str, Any]:
        """Describe the user that the action runs for."""
        info: dict[str, Any] = self._client.call("GET", "user")
        return info

    def list_values(
        self, local: bool = True, prefix: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[KeyValuePair]:
        """Return the items whose name starts with `prefix`, at most `limit` (100) of them."""
        start = self._full_name(prefix or "", local)
        query = {"prefix": start or None, "limit": _PAGE if limit is None else limit, "offset": offset or None}
        return [KeyValuePair(**fields) for fields in self._client.call("GET", "keys", query=query)]

    def get_value(self, name: str, local: bool = True, scope: str = _SCOPE, decrypt: bool = False) -> str | None:
        """Return the value of an item; None when there is none, or when it cannot be read (the log says why)."""
        query = {"scope": _checked(scope), "decrypt": "true" if decrypt else None}
        full_name = self._full_name(name, local)
        try:
            item = self._client.call("GET", "keys", full_name, query=query)
        except ApiError as error:
            if error.status != 404:
                self._logger.error("Datastore item %s cannot be read: %s", full_name, error)
            return None
        except OSError as error:
            self._logger.error("Datastore item %s cannot be read, the API does not answer: %s", full_name, error)
            return None
        value: str | None = item.get("value")
        return value

    def set_value(
        self,
        name: str,
        value: Any,
        ttl: int | None = None,
        local: bool = True,
        scope: str = _SCOPE,
        encrypt: bool = False,
    ) -> bool:
        """Write an item; `ttl` is in seconds. The value is stored as text."""
        full_name = self._full_name(name, local)
        body: dict[str, Any] = {"name": full_name, "value": str(value), "scope": _checked(scope)}
        if encrypt:
            body["secret"] = True
        if ttl:
            body["ttl"] = ttl
        self._client.call("PUT", "keys", full_name, body=body)
        return True

    def delete_value(self, name: str, local: bool = True, scope: str = _SCOPE) -> bool:
        """Delete an item; False when it is not there or cannot be deleted."""
        query = {"scope": _checked(scope)}
        full_name = self._full_name(name, local)
        try:
            self._client.call("DELETE", "keys", full_name, query=query)
        except ApiError as error:
            if error.status != 404:
                self._logger.error("Datastore item %s cannot be deleted: %s", full_name, error)
            return False
        except OSError as error:
            self._logger.error("Datastore item %s cannot be deleted, the API does not answer: %s", full_name, error)
            return False
        return True

    def _full_name(self, name: str, local: bool) -> str:
        return self._prefix + name if local else name


def _checked(scope: str) -> str:
    if scope != _SCOPE:
        raise ValueError(f'Scope "{scope}" is not supported here: only "{_SCOPE}" is.')
    return scope

"""The `action_service` of an action, and what it has in common with the `sensor_service` of a sensor."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from st2lite_actions.datastore import DatastoreService, KeyValuePair


class DatastoreAccess:
    """What the API can do for code of a pack; nothing is imported or connected before the first call."""

    _url_variable = "ST2_API_URL"
    _token_variable = "ST2_AUTH_TOKEN"

    def __init__(self, pack_name: str, class_name: str, logger: logging.Logger) -> None:
        self._pack_name = pack_name
        self._class_name = class_name
        self._logger = logger
        self._datastore: DatastoreService | None = None

    @property
    def datastore_service(self) -> DatastoreService:
        """The datastore, with the methods below."""
        if self._datastore is None:
            from st2lite_actions.datastore import DatastoreService
            from st2lite_actions.rest import RestClient

            client = RestClient(
                os.environ[self._url_variable],
                os.environ[self._token_variable],
                os.environ.get("ST2_CACERT"),
            )
            self._datastore = DatastoreService(client, self._logger, self._pack_name, self._class_name)
        return self._datastore

    def get_user_info(self) -> dict[str, Any]:
        """Describe the user that the code runs for."""
        return self.datastore_service.get_user_info()

    def list_values(
        self, local: bool = True, prefix: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[KeyValuePair]:
        """Return the items whose name starts with `prefix`, at most `limit` (100) of them."""
        return self.datastore_service.list_values(local=local, prefix=prefix, limit=limit, offset=offset)

    def get_value(self, name: str, local: bool = True, scope: str = "system", decrypt: bool = False) -> str | None:
        """Return the value of an item, None when there is none."""
        return self.datastore_service.get_value(name, local=local, scope=scope, decrypt=decrypt)

    def set_value(
        self,
        name: str,
        value: Any,
        ttl: int | None = None,
        local: bool = True,
        scope: str = "system",
        encrypt: bool = False,
    ) -> bool:
        """Write an item; `ttl` is in seconds. The value is stored as text."""
        return self.datastore_service.set_value(name, value, ttl=ttl, local=local, scope=scope, encrypt=encrypt)

    def delete_value(self, name: str, local: bool = True, scope: str = "system") -> bool:
        """Delete an item; False when it is not there."""
        return self.datastore_service.delete_value(name, local=local, scope=scope)


class ActionService(DatastoreAccess):
    """The service of a running action, with the address and the token that it was started with."""

    _url_variable = "ST2_ACTION_API_URL"
    _token_variable = "ST2_ACTION_AUTH_TOKEN"

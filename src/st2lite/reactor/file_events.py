"""Events of files that were written through the API."""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path

from st2lite.models.errors import St2liteError
from st2lite.models.trigger import FILE_WRITTEN_TRIGGER
from st2lite.reactor.dispatch import Dispatcher
from st2lite.reactor.listeners import Listeners

logger = logging.getLogger(__name__)


class FileEvents:
    """Emits the trigger of written files, if a rule listens for it."""

    def __init__(self, dispatcher: Dispatcher, listeners: Listeners) -> None:
        self._dispatcher = dispatcher
        self._listeners = listeners

    def written(self, ref: str, path: Path) -> None:
        """Tell that a file of the action `ref` was written; what goes wrong here must not undo that, and is logged."""
        try:
            if self._listeners.any(FILE_WRITTEN_TRIGGER):
                host = {"hostname": socket.gethostname(), "pid": os.getpid()}
                payload = {"ref": ref, "file_path": str(path), "host_info": host}
                self._dispatcher.dispatch_type(FILE_WRITTEN_TRIGGER, payload)
        except St2liteError as error:
            logger.warning("No event of file %s: %s", path, error.message)

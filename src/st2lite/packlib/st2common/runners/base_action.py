"""`Action`: what the class of a python action derives from."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any

from st2common.runners.utils import get_logger_for_python_runner_action

if TYPE_CHECKING:
    from st2lite_actions.service import ActionService

__all__ = ["Action"]


class Action(abc.ABC):
    """Base class of python actions: implement `run`.

    `config` is the configuration of the pack, `logger` writes to stderr of the action, `action_service` reads and
    writes the datastore. What `run` returns is the result; `(True, result)` and `(False, result)` also say how it went.
    """

    description: str | None = None

    def __init__(self, config: dict[str, Any] | None = None, action_service: ActionService | None = None) -> None:
        self.config: dict[str, Any] = {} if config is None else config
        self.action_service: Any = action_service
        self.logger = get_logger_for_python_runner_action(type(self).__name__)

    @abc.abstractmethod
    def run(self, **kwargs: Any) -> Any:
        """Do the work; each action parameter is an argument."""

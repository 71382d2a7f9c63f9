"""`Action` under the name it had in early releases of StackStorm."""

from st2common.runners.base_action import Action

__all__ = ["Action"]

"""The configuration that an action sees."""

from __future__ import annotations

from typing import Any, Dict


class PackConfig(Dict[str, Any]):
    """Configuration of a pack; asking for a key that is not there says how to set it."""

    def __init__(self, pack: str, values: dict[str, Any]) -> None:
        super().__init__(values)
        self._pack = pack

    def __missing__(self, key: str) -> Any:
        raise KeyError(
            f'The configuration of pack "{self._pack}" has no key "{key}". '
            f"Add it to configs/{self._pack}.yaml and register it: st2 pack register {self._pack}"
        )

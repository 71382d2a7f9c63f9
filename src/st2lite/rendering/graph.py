"""Parameters whose templates refer to each other: order, missing names, cycles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from st2lite.models.action import Schema
from st2lite.models.errors import RenderError
from st2lite.rendering.casting import cast
from st2lite.rendering.environment import CONTEXT, names_in, render_value
from st2lite.rendering.scope import RenderScope


class Graph:
    """Values of parameters by name: `templates` are to be rendered, `constants` are literal."""

    def __init__(
        self,
        templates: Mapping[str, Any],
        constants: Mapping[str, Any],
        schemas: Mapping[str, Schema],
        scope: RenderScope,
    ) -> None:
        """Raise `RenderError` if a template refers to an unknown name, or to itself over any detour."""
        self._templates = templates
        self._values = dict(constants)
        self._schemas = schemas
        self._scope = scope
        self._needs = {name: self._names_in(name) for name in templates}
        self._check_names()
        self._check_cycles()

    def value(self, name: str) -> Any:
        """Value of a parameter, cast to its type; whatever it refers to is rendered first, each only once."""
        if name not in self._values:
            needs = self._needs[name]
            wanted = self._templates.keys() | self._values.keys() if CONTEXT in needs else needs
            variables = self._scope.variables(needs)
            variables |= {other: self.value(other) for other in wanted if self._is_parameter(other) and other != name}
            try:
                rendered = render_value(self._templates[name], variables)
            except RenderError as error:
                raise RenderError(f'Failed to render parameter "{name}": {error.message}') from error
            self._values[name] = cast(name, rendered, self._schemas.get(name, {}).get("type"))
        return self._values[name]

    def _is_parameter(self, name: str) -> bool:
        return (name in self._values or name in self._templates) and name not in self._scope.given

    def _names_in(self, name: str) -> frozenset[str]:
        try:
            return names_in(self._templates[name])
        except RenderError as error:
            raise RenderError(f'Failed to render parameter "{name}": {error.message}') from error

    def _check_names(self) -> None:
        for name, needs in self._needs.items():
            for missing in sorted(needs - self._scope.names - {CONTEXT}):
                if not self._is_parameter(missing):
                    raise RenderError(
                        f'Dependency unsatisfied in variable "{missing}". Parameter "{name}" refers to it, but it is '
                        f"neither a parameter nor one of {', '.join(sorted(self._scope.names))}; "
                        "write {% raw %}...{% endraw %} around text that is not meant as a template."
                    )

    def _check_cycles(self) -> None:
        inner = self._templates.keys() - self._scope.given
        open_names = {name: set(needs) & inner for name, needs in self._needs.items()}
        while free := [name for name, needs in open_names.items() if not needs]:
            for name in free:
                del open_names[name]
            for needs in open_names.values():
                needs.difference_update(free)
        # Peel from the other end too, so that only those on a cycle are left, not those that merely lead to one.
        while idle := [name for name in open_names if not any(name in needs for needs in open_names.values())]:
            for name in idle:
                del open_names[name]
        if open_names:
            raise RenderError(
                f"Cyclic dependency found in the following variables: {', '.join(sorted(open_names))}. "
                "Likely the variable is referencing itself; give one of them a value of its own."
            )

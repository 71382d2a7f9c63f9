"""Executions and the questions they wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from st2client.errors import UsageError
from st2client.managers.base import ResourceManager


class ExecutionResourceManager(ResourceManager):
    """Executions: also re-runs, children, output, pause and resume."""

    def re_run(
        self,
        execution_id: str,
        parameters: Mapping[str, Any] | None = None,
        tasks: Sequence[str] | None = None,
        no_reset: Sequence[str] | None = None,
        delay: int | None = 0,
        **kwargs: Any,
    ) -> Any:
        """Run an execution again; return the new execution.

        :param parameters: put over those of the first run.
        :param tasks: run again only these tasks of a workflow.
        :param no_reset: of these tasks keep what succeeded already.
        :param delay: milliseconds to wait first.
        """
        tasks, kept = list(tasks or ()), set(no_reset or ())
        if not kept <= set(tasks):
            raise UsageError(
                "The tasks not to reset must be among the tasks to re-run: " + ", ".join(sorted(kept - set(tasks)))
            )
        body = {
            "parameters": dict(parameters or {}),
            "tasks": tasks,
            "reset": [task for task in tasks if task not in kept],
            "delay": delay or 0,
        }
        return self._load(self.call("POST", self.url(execution_id, "re_run"), json=body, **kwargs))

    def get_output(self, execution_id: str, output_type: str | None = None, **kwargs: Any) -> str:
        """Return what an execution has printed so far; ``output_type`` is stdout, stderr or all."""
        params = {"output_type": output_type} if output_type else None
        return self.call("GET", self.url(execution_id, "output"), params=params, **kwargs).text

    def get_result(self, execution_id: str, **kwargs: Any) -> str:
        """Return the result as JSON text, unmasked and whole."""
        return self.call("GET", self.url(execution_id, "result"), **kwargs).text

    def pause(self, execution_id: str, **kwargs: Any) -> Any:
        """Pause a workflow."""
        return self._set_status(execution_id, "pausing", kwargs)

    def resume(self, execution_id: str, **kwargs: Any) -> Any:
        """Resume a paused workflow."""
        return self._set_status(execution_id, "resuming", kwargs)

    def get_children(self, execution_id: str, **kwargs: Any) -> list[Any]:
        """Return the executions below a workflow's; ``depth`` counts levels, -1 (the default) takes all."""
        params = dict(kwargs.pop("params", None) or {})
        depth = kwargs.pop("depth", -1)
        if depth:
            params["depth"] = depth
        return self._load_many(self.call("GET", self.url(execution_id, "children"), params=params, **kwargs))

    def _set_status(self, execution_id: str, status: str, options: dict[str, Any]) -> Any:
        return self._load(self.call("PUT", self.url(execution_id), json={"status": status}, **options))


class InquiryResourceManager(ResourceManager):
    """Inquiries."""

    def respond(self, inquiry_id: str, inquiry_response: Mapping[str, Any], **kwargs: Any) -> Any:
        """Answer an inquiry."""
        body = {"id": inquiry_id, "response": inquiry_response}
        return self._load(self.call("PUT", self.url(inquiry_id), json=body, **kwargs))

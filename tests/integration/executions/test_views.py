"""Executions as they are shown when a part of them is gone."""

from st2lite.executions.snapshots import Snapshots
from st2lite.executions.views import ExecutionViews
from st2lite.models.execution import Execution, Snapshot


def test_an_execution_whose_snapshots_are_gone_is_shown_without_its_secrets(store, make):
    """It must not make the whole list unreadable; which of its values are secret nobody knows any more."""
    made = make(parameters={"password": "x"})
    for identifier in (made.action_snapshot, made.runner_snapshot):
        assert store.delete(Snapshot, identifier)
    execution = store.get(Execution, made.id)
    views = ExecutionViews(Snapshots(store), "http://localhost")
    view = views.execution(execution)
    assert (view["id"], view["status"]) == (made.id, "requested")
    assert b'"ref":"core.noop"' in bytes(view["action"])
    assert view["parameters"] == {"password": "********"}
    assert views.liveaction(execution)["parameters"] == {"password": "********"}
    assert views.execution(execution, show_secrets=True)["parameters"] == {"password": "x"}

"""Canceling at the same time as others do, on a real SQLite store."""

import pytest

from st2lite.executions.control import Control
from st2lite.executions.protocol import Cancellation
from st2lite.models.errors import IllegalTransition
from st2lite.models.execution import Execution


@pytest.mark.parametrize("status", ["canceled", "succeeded"])
def test_who_cancels_second_finds_it_canceled(store, bus, make, monkeypatch, status):
    """The first may have been the same request, whose answer from the store was lost."""
    execution = make()
    control = Control(store, bus, None)
    replace = store.replace

    def late(document):
        monkeypatch.setattr(store, "replace", replace)
        control.update(store.get(Execution, execution.id), status, None, "ada")
        replace(document)

    monkeypatch.setattr(store, "replace", late)
    if status == "canceled":
        assert control.cancel(execution, "bob").status == "canceled"
    else:
        with pytest.raises(IllegalTransition, match="succeeded"):
            control.cancel(execution, "bob")


def test_one_callback_that_fails_keeps_no_other_from_being_called():
    called = []

    def broken():
        called.append("broken")
        raise RuntimeError("boom")

    cancellation = Cancellation()
    for callback in (broken, lambda: called.append("second")):
        cancellation.on_request(callback)
    with pytest.raises(RuntimeError, match="boom"):
        cancellation.request()
    assert called == ["broken", "second"]

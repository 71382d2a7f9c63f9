"""Output of running actions on a real SQLite store: what is being written when the action ends, and what goes wrong."""

import threading

import pytest

from st2lite.executions.output import Flusher, Output
from st2lite.executions.queries import output_of
from st2lite.models.execution import OutputChunk
from tests.processes import PATIENCE


@pytest.fixture
def flusher(store, bus):
    flusher = Flusher(store, bus)
    flusher.start()
    yield flusher
    flusher.stop()


def test_an_action_ends_after_its_output_was_stored(store, bus, make, flusher, monkeypatch):
    """Else a viewer reads the ended execution, finds it complete, and misses what is still on its way."""
    writing, go_on = threading.Event(), threading.Event()
    insert_many = store.insert_many

    def slow(documents):
        writing.set()
        assert go_on.wait(PATIENCE)
        insert_many(documents)

    monkeypatch.setattr(store, "insert_many", slow)
    execution = make()
    output = Output(flusher, execution)
    output.write("stdout", "all there is")
    assert writing.wait(PATIENCE)
    stored = []
    closing = threading.Thread(target=lambda: (output.close(), stored.extend(output_of(store, execution))))
    closing.start()
    closing.join(0.2)
    go_on.set()
    closing.join(PATIENCE)
    assert [chunk.data for chunk in stored] == ["all there is"]


def test_output_that_cannot_be_written_does_not_end_the_writing(store, make, flusher, monkeypatch, wait_until):
    insert_many = store.insert_many
    failed = threading.Event()

    def unsteady(documents):
        if not failed.is_set():
            failed.set()
            raise RuntimeError("boom")
        insert_many(documents)

    monkeypatch.setattr(store, "insert_many", unsteady)
    Output(flusher, make()).write("stdout", "lost")
    assert failed.wait(PATIENCE)
    Output(flusher, make()).write("stdout", "kept")
    assert wait_until(lambda: store.count(OutputChunk) == 1)

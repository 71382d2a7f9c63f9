"""Output of running actions: collected, stored and streamed in batches.

A short action never writes output by itself: what was not flushed when it ends travels inside the execution document,
in the write that ends it anyway.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import msgspec

from st2lite.messaging.contract import Bus
from st2lite.messaging.messages import OutputAppended
from st2lite.models import timestamps
from st2lite.models.errors import St2liteError
from st2lite.models.execution import Execution, OutputChunk
from st2lite.models.ids import new_id
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

FLUSH_INTERVAL = 0.2
"""Seconds between two batches of one running action; a viewer does not notice, the store does."""

FLUSH_SIZE = 32 * 1024
"""Characters after which a batch is written at once."""

CHUNK_SIZE = 1024 * 1024
"""Most characters of one chunk: every store holds it, however much of it needs escaping."""


class Output:
    """The output sink of one running action (see `protocol.OutputSink`)."""

    def __init__(self, flusher: Flusher, execution: Execution) -> None:
        self._flusher = flusher
        self._execution = execution
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._chunks: list[OutputChunk] = []
        self._size = 0
        self._closed = False

    def write(self, output_type: str, text: str) -> None:
        """Append text; neighbouring pieces of one type become one chunk."""
        if not text or not self._flusher.enabled:
            return
        if not text.isascii():  # half a surrogate pair can be neither stored nor sent
            text = text.encode("utf-8", "replace").decode()
        with self._lock:
            if self._closed:
                return
            last = self._chunks[-1] if self._chunks else None
            if last is not None and last.output_type == output_type and len(last.data) + len(text) <= CHUNK_SIZE:
                last.data += text
            else:
                pieces = (text[start : start + CHUNK_SIZE] for start in range(0, len(text), CHUNK_SIZE))
                self._chunks.extend(self._chunk(output_type, piece) for piece in pieces)
            self._size += len(text)
            size = self._size
        if size >= FLUSH_SIZE:
            self.flush()
        else:
            self._flusher.mark(self)

    def flush(self) -> None:
        """Store and stream what was collected."""
        with self._sending:
            for batch in _batches(self._take()):
                self._flusher.send(batch, stored=False)

    def close(self) -> msgspec.Raw:
        """Stop collecting; stream the rest and return it as JSON, to be stored with the execution.

        What is being stored by another thread is waited for: an ended execution has all of its output.
        """
        with self._lock:
            self._closed = True
        self._flusher.forget(self)
        with self._sending:
            chunks = self._take()
        if not chunks:
            return msgspec.Raw(b"")
        self._flusher.send(chunks, stored=True)
        return msgspec.Raw(msgspec.json.encode(chunks))

    def _take(self) -> list[OutputChunk]:
        with self._lock:
            chunks, self._chunks, self._size = self._chunks, [], 0
        return chunks

    def _chunk(self, output_type: str, text: str) -> OutputChunk:
        execution = self._execution
        return OutputChunk(
            id=new_id(),
            execution_id=execution.id,
            action_ref=execution.action_ref,
            runner_ref=execution.runner_name,
            timestamp=timestamps.now(),
            output_type=output_type,
            data=text,
        )


def _batches(chunks: list[OutputChunk]) -> Iterator[list[OutputChunk]]:
    """Part chunks into messages of a size that a broker takes."""
    batch: list[OutputChunk] = []
    size = 0
    for chunk in chunks:
        if batch and size + len(chunk.data) > CHUNK_SIZE:
            yield batch
            batch, size = [], 0
        batch.append(chunk)
        size += len(chunk.data)
    if batch:
        yield batch


class Flusher:
    """Writes the output of all running actions of one worker; one thread, asleep while nothing is written.

    With `enabled=False` output is neither stored nor streamed.
    """

    def __init__(self, store: Store, bus: Bus, enabled: bool = True) -> None:
        self.enabled = enabled
        self._store = store
        self._bus = bus
        self._condition = threading.Condition()
        self._dirty: dict[Output, None] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="output", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        with self._condition:
            self._condition.notify()
        self._thread.join()

    def mark(self, output: Output) -> None:
        """Have this output flushed soon."""
        with self._condition:
            if not self._dirty:
                self._condition.notify()
            self._dirty[output] = None

    def forget(self, output: Output) -> None:
        with self._condition:
            self._dirty.pop(output, None)

    def send(self, chunks: list[OutputChunk], stored: bool) -> None:
        """Store (unless that is done elsewhere) and stream chunks; losing a viewer or the store fails no action."""
        try:
            if not stored:
                self._store.insert_many(chunks)
            self._bus.publish(OutputAppended(chunks))
        except St2liteError as error:
            logger.warning("Output of execution %s is not stored: %s", chunks[0].execution_id, error.message)

    def _loop(self) -> None:
        while not self._stopped.is_set():
            with self._condition:
                while not self._dirty and not self._stopped.is_set():
                    self._condition.wait()
            self._stopped.wait(FLUSH_INTERVAL)
            with self._condition:
                dirty, self._dirty = self._dirty, {}
            for output in dirty:
                try:
                    output.flush()
                except Exception:
                    logger.exception("Output of an execution could not be written.")

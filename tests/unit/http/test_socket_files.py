"""Reading and writing connections."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st2lite.http.socket_files import SocketReader, make_file


class Pieces:
    """A connection that delivers given pieces, one at a time."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]

    def recv(self, size: int) -> bytes:
        if not self._pieces:
            return b""
        piece, rest = self._pieces[0][:size], self._pieces[0][size:]
        self._pieces[:1] = [rest] if rest else []
        return piece


def reader(*pieces: bytes) -> SocketReader:
    return SocketReader(Pieces(list(pieces)))  # type: ignore[arg-type]


@given(st.lists(st.binary(max_size=8), max_size=8), st.lists(st.integers(-1, 6), max_size=12))
def test_however_it_arrives_it_reads_the_same(pieces: list[bytes], sizes: list[int]) -> None:
    whole, split = io.BytesIO(b"".join(pieces)), reader(*pieces)
    for number, size in enumerate(sizes):
        if number % 2:
            assert split.read(size) == whole.read(size)
        else:
            assert split.readline(size) == whole.readline(size)
    assert split.bytes_read == whole.tell()
    assert split.read() == whole.read()


def test_lines_in_a_loop() -> None:
    assert list(reader(b"a\nb", b"c\n", b"d")) == [b"a\n", b"bc\n", b"d"]


def test_it_knows_of_what_was_not_read() -> None:
    source = reader(b"a\nb")
    assert not source.has_data()
    source.readline()
    assert source.has_data()
    source.close()
    assert not source.has_data()


class TestConnection:
    @pytest.fixture
    def ends(self) -> Iterator[tuple[socket.socket, socket.socket]]:
        left, right = socket.socketpair()
        with left, right:
            yield left, right

    def test_writing(self, ends: tuple[socket.socket, socket.socket]) -> None:
        writer = make_file(ends[0], "wb")
        assert writer.write(b"hello\n") == 6
        writer.flush()
        writer.close()
        assert writer.bytes_written == 6
        assert make_file(ends[1], "rb").readline() == b"hello\n"

    def test_a_timeout_loses_nothing(self, ends: tuple[socket.socket, socket.socket]) -> None:
        ends[1].settimeout(0.01)
        source = make_file(ends[1])
        ends[0].sendall(b"hal")
        with pytest.raises(TimeoutError):
            source.readline()
        ends[0].sendall(b"f\n")
        ends[1].settimeout(10)
        assert source.readline() == b"half\n"

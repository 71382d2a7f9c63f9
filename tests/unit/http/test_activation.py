"""Sockets that an init system opened, in a process of its own: they have fixed numbers."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys

import pytest

from st2lite.http.activation import address_in_use, inherited_listeners
from tests.processes import PATIENCE

_TELL = """
import json, os
from st2lite.http.activation import inherited_listeners
found = inherited_listeners()
print(json.dumps({
    "names": [list(one.getsockname()) for one in found],
    "inheritable": [one.get_inheritable() for one in found],
    "left": sorted(name for name in os.environ if name.startswith("LISTEN_")),
}))
"""


def told(listener: socket.socket, pid: str = "$$") -> dict[str, list[object]]:
    """What a process finds that was given the socket as its third descriptor."""
    script = f"LISTEN_FDS=1 LISTEN_FDNAMES=x LISTEN_PID={pid} exec \"$0\" -c '{_TELL}' 3<&{listener.fileno()}"
    done = subprocess.run(
        ["bash", "-c", script, sys.executable],
        pass_fds=[listener.fileno()], capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    found: dict[str, list[object]] = json.loads(done.stdout)
    return found


def test_the_socket_is_taken_and_its_traces_removed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert told(listener) == {"names": [list(listener.getsockname())], "inheritable": [False], "left": []}


def test_what_was_meant_for_another_process_is_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert told(listener, pid="1") == {"names": [], "inheritable": [], "left": []}


@pytest.mark.parametrize("count", ["", "none", "0"])
def test_without_a_number_there_are_none(count: str) -> None:
    assert inherited_listeners({"LISTEN_FDS": count, "LISTEN_PID": "1"}) == []


def test_the_configured_address_is_used_without_sockets() -> None:
    assert address_in_use("st2api", ("127.0.0.1", 9101), []) == ("127.0.0.1", 9101)


def test_a_difference_to_the_configuration_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, caplog.at_level(logging.WARNING):
        address = listener.getsockname()
        assert address_in_use("st2api", address, [listener]) == address
        assert not caplog.messages
        assert address_in_use("st2api", ("127.0.0.1", 1), [listener]) == address
    assert f"listens on 127.0.0.1:{address[1]}" in caplog.messages[0]
    assert "Change st2api.socket" in caplog.messages[0]

"""What st2stream sends in front of an answer."""

from __future__ import annotations

import subprocess
import sys

from tests.processes import PATIENCE

# nginx takes an answer that names a header like Content-Length twice for a broken one, since 1.23.
ASK = """
import os, signal, socket, threading
from st2lite.http import eventlet_server
eventlet_server.patch()
def app(environ, start_response):
    start_response("401 Unauthorized", [("content-type", "text/plain"), ("content-length", "2")])
    return [b"no"]
listener = eventlet_server.listen("127.0.0.1", 0)
def ask():
    with socket.create_connection(listener.getsockname()) as connection:
        connection.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    print(answer.decode().lower().count("content-length:"))
    os.kill(os.getpid(), signal.SIGTERM)
nothing = lambda: None
open_app = lambda: app
asking = threading.Thread(target=ask)
eventlet_server.serve("st2stream", [listener], eventlet_server.Hooks(open_app, asking.start, nothing, nothing, nothing))
"""


def test_no_header_comes_twice() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, timeout=2 * PATIENCE, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "1\n"), ended.stderr

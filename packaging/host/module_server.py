"""Runs the modules of Ansible on this host, each in a fork of a process that has loaded what all of them load.

    module_server.py SITE_PACKAGES SOCKET

Ansible sends each module as a program with a zip file in it. A fresh Python compiles some fifty files of that before
the module begins, which takes most of the time of most tasks. The files are those of the controller, which on a host
that installs itself lie in SITE_PACKAGES, compiled.

`warm-python` is the client: it sends its descriptors 0, 1 and 2 with the length of the request, then the request:
umask, working directory and environment, parted by NUL. The answer is one byte, the status to exit with. Whoever
started the server ends it by closing its standard input; a module that runs goes on to its end.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import struct
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# What most modules of the roles import, and the wrapper around them. Releases of Ansible differ: what one has not is
# left out.
_LOADED = (
    "ansible.modules",
    "ansible.module_utils.basic",
    "ansible.module_utils.common.file",
    "ansible.module_utils.facts.ansible_collector",
    "ansible.module_utils.facts.default_collectors",
    "ansible.module_utils.service",
    "ansible.module_utils.urls",
    "ansible.module_utils._internal._ansiballz._loader",
    "argparse", "base64", "difflib", "glob", "runpy", "shutil", "tempfile", "zipfile",
)  # fmt: skip


class OfTheRoles(MetaPathFinder):
    """Finds what only the zip file has: the modules of roles. It comes last on the path of finders."""

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002
        """Look in every place for a part of the package ansible."""
        package, _, _ = name.rpartition(".")
        if package.partition(".")[0] != "ansible":
            return None
        return PathFinder.find_spec(name, [f"{place}/{package.replace('.', '/')}" for place in sys.path])


def load(site_packages: str) -> None:
    """Load what all modules need, and have nothing else come from there."""
    sys.path.insert(0, site_packages)
    for name in _LOADED:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    sys.path.remove(site_packages)
    sys.meta_path.append(OfTheRoles())
    gc.freeze()  # a collection would touch, so copy, the pages that forks share


def serve(path: str) -> socket.socket | None:
    """Fork for each client until standard input is closed; answers its line in the fork, nothing in the end."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while 0 not in select.select([0, listener.fileno()], [], [])[0]:
            line = listener.accept()[0]
            if os.fork() == 0:
                return line
            line.close()
    return None


def become(line: socket.socket) -> None:
    """Turn a fork of this fork into what the client would have been; this one waits for it and does not return."""
    head, descriptors, _, _ = socket.recv_fds(line, struct.calcsize("I"), 3)
    with line.makefile("rb") as stream:
        request = stream.read(struct.unpack("I", head)[0])
    child = os.fork()
    if child:
        for descriptor in descriptors:
            os.close(descriptor)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status >= 0:
            line.sendall(bytes([status]))
        os._exit(0)
    line.close()
    for place, descriptor in enumerate(descriptors):
        os.dup2(descriptor, place)
        os.close(descriptor)
    umask, directory, *environment = request.split(b"\0")
    os.umask(int(umask))
    os.chdir(directory)
    os.environb.clear()
    for pair in environment:
        name, _, value = pair.partition(b"=")
        os.environb[name] = value


def run() -> None:
    """Run the program on standard input, as Python does without arguments."""
    sys.argv = [""]
    main = sys.modules["__main__"] = ModuleType("__main__")
    exec(compile(sys.stdin.buffer.read(), "<stdin>", "exec"), main.__dict__)  # noqa: S102  # what it is for


def main() -> None:
    """Serve until standard input is closed."""
    site_packages, path = sys.argv[1:]
    load(site_packages)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    line = serve(path)
    if line is not None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        become(line)
        run()


if __name__ == "__main__":
    main()

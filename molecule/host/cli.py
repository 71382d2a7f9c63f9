"""Make, reach and take away test hosts by hand."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys

import image
import machine
from places import HostError


def main() -> int:
    parser = argparse.ArgumentParser(prog="molecule/host/host", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make a host and wait until it is up")
    create.add_argument("name")
    create.add_argument("--suite", choices=image.SUITES, default=image.SUITES[0])
    destroy = commands.add_parser("destroy", help="take hosts away, in whatever state they are")
    destroy.add_argument("names", nargs="+", metavar="name")
    ssh = commands.add_parser("ssh", help="run a command on a host, or a shell")
    ssh.add_argument("name")
    ssh.add_argument("words", nargs="*", metavar="command")
    commands.add_parser("list", help="name, suite, address and folder of each host")
    commands.add_parser("inventory", help="the hosts as an Ansible inventory")
    commands.add_parser("check", help="say whether this machine can have hosts")
    commands.add_parser("supervise").add_argument("name")
    arguments = parser.parse_args()
    # An exception, so that a host that is being made is taken away again.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return _carry_out(arguments)
    except HostError as error:
        print(f"host: {error}", file=sys.stderr)
        return 1


def _carry_out(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "create":
            machine.create(arguments.name, arguments.suite)
        case "destroy":
            for name in arguments.names:
                machine.destroy(name)
        case "ssh":
            command = machine.ssh_command(arguments.name, *arguments.words)
            os.execvp(command[0], command)
        case "list":
            for host in machine.hosts():
                print(*host.values())
        case "inventory":
            print(json.dumps(machine.inventory(), indent=2))
        case "check":
            found = machine.obstacles()
            print("\n".join(found) or "test hosts can be made here")
            return 1 if found else 0
        case "supervise":
            return machine.supervise(arguments.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())

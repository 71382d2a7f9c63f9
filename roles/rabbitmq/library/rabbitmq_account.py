#!/usr/bin/python
"""Whether RabbitMQ lets a user in, asked over AMQP, and the hash of a password as definitions hold it."""

from __future__ import annotations

import base64
import hashlib
import secrets
import socket
import struct
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
---
module: rabbitmq_account
short_description: Log in to RabbitMQ over AMQP
description:
  - Opens a connection to a virtual host as a user, as far as the server says yes or no. Changes nothing.
  - Needs neither rabbitmqctl, whose newer releases do not read passwords from a pipe, nor a library for AMQP.
options:
  host:
    type: str
    default: 127.0.0.1
    description: The address of the server.
  port:
    type: int
    default: 5672
    description: The port of AMQP.
  vhost:
    type: str
    required: true
    description: The virtual host.
  user:
    type: str
    required: true
    description: The user.
  password:
    type: str
    required: true
    description: Its password.
author:
  - The st2lite authors
"""

EXAMPLES = r"""
- name: Log in
  rabbitmq_account:
    vhost: st2
    user: st2
    password: "{{ password }}"
"""

RETURN = r"""
accepted:
  description: Whether the server lets the user use the virtual host.
  returned: success
  type: bool
password_hash:
  description: The password, salted and hashed the way definitions hold it. Another one each time.
  returned: success
  type: str
"""

_CONNECTION, _START_OK, _TUNE, _TUNE_OK, _OPEN, _OPEN_OK = 10, 11, 30, 31, 40, 41
_SECONDS = 20


def password_hash(password: str) -> str:
    """Salt and SHA-256 of salt and password, in base64: what the server's default algorithm stores."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def accepts(host: str, port: int, vhost: str, user: str, password: str) -> bool:
    """Whether the login and the opening of the virtual host succeed. Raises `OSError` if nobody answers at all."""
    with socket.create_connection((host, port), _SECONDS) as line:
        line.sendall(b"AMQP\x00\x00\x09\x01")
        _method(line)
        response = b"\x00" + user.encode() + b"\x00" + password.encode()
        _send(line, _START_OK, _table() + _short("PLAIN") + struct.pack(">I", len(response)) + response + _short("C"))
        try:
            method, arguments = _method(line)
            if method != _TUNE:
                return False
            _send(line, _TUNE_OK, arguments)
            _send(line, _OPEN, _short(vhost) + _short("") + b"\x00")
            return _method(line)[0] == _OPEN_OK
        except EOFError:
            return False  # what a server does to those whom it refuses


def _table() -> bytes:
    return struct.pack(">I", 0)


def _short(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("B", len(raw)) + raw


def _send(line: socket.socket, method: int, arguments: bytes) -> None:
    payload = struct.pack(">HH", _CONNECTION, method) + arguments
    line.sendall(struct.pack(">BHI", 1, 0, len(payload)) + payload + b"\xce")


def _method(line: socket.socket) -> tuple[int, bytes]:
    """The next method of the class connection, with its arguments."""
    size = struct.unpack(">BHI", _exactly(line, 7))[2]
    payload = _exactly(line, size + 1)[:-1]
    return struct.unpack(">HH", payload[:4])[1], payload[4:]


def _exactly(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        try:
            more = line.recv(size - len(data))
        except ConnectionResetError:
            more = b""
        if not more:
            raise EOFError
        data += more
    return data


def main() -> None:
    """Run as a module of Ansible."""
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "default": "127.0.0.1"},
            "port": {"type": "int", "default": 5672},
            "vhost": {"type": "str", "required": True},
            "user": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
        },
        supports_check_mode=True,
    )
    wanted: dict[str, Any] = module.params
    try:
        accepted = accepts(wanted["host"], wanted["port"], wanted["vhost"], wanted["user"], wanted["password"])
    except (OSError, EOFError) as error:
        module.fail_json(msg=f"RabbitMQ does not answer at {wanted['host']}:{wanted['port']}: {error}")
    module.exit_json(changed=False, accepted=accepted, password_hash=password_hash(wanted["password"]))


if __name__ == "__main__":
    main()

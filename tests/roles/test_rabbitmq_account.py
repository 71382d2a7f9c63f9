"""The module of the role rabbitmq against a real broker."""

from __future__ import annotations

import base64
import hashlib

import pytest

from tests.roles.modules import load
from tests.servers.rabbitmq import RabbitServer

_account = load("rabbitmq/library/rabbitmq_account.py")


@pytest.mark.parametrize(
    ("changed", "accepted"),
    [({}, True), ({"password": "wrong"}, False), ({"user": "nobody"}, False), ({"vhost": "nowhere"}, False)],
)
def test_the_broker_says_whom_it_lets_in(rabbit_server: RabbitServer, changed: dict[str, str], accepted: bool) -> None:
    right = {"vhost": "/", "user": rabbit_server.user, "password": rabbit_server.password}
    assert _account.accepts("127.0.0.1", rabbit_server.port, **{**right, **changed}) is accepted


def test_nobody_at_the_port_is_an_error() -> None:
    with pytest.raises(OSError):
        _account.accepts("127.0.0.1", 1, "/", "guest", "guest")


def test_a_hash_is_salt_and_digest() -> None:
    raw = base64.b64decode(_account.password_hash("secret"))
    assert raw[4:] == hashlib.sha256(raw[:4] + b"secret").digest()
    assert _account.password_hash("secret") != _account.password_hash("secret")

"""Reading the list of hosts of a remote action."""

from __future__ import annotations

import pytest

from st2lite.models.errors import InvalidInput
from st2lite.runners.remote_hosts import parse_host, parse_hosts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web", ("web", None)),
        ("web:2222", ("web", 2222)),
        ("10.0.0.1:22", ("10.0.0.1", 22)),
        ("::1", ("::1", None)),
        ("fe80::1:22", ("fe80::1:22", None)),
        ("[::1]", ("::1", None)),
        ("[::1]:2222", ("::1", 2222)),
    ],
)
def test_one_host(text: str, expected: tuple[str, int | None]) -> None:
    assert parse_host(text) == expected


@pytest.mark.parametrize("text", ["", ":22", "web:x", "web:0", "web:65536", "web:²", "[::1", "[]:22", "[::1]22", "a b"])
def test_what_is_not_a_host(text: str) -> None:
    with pytest.raises(InvalidInput, match="hosts"):
        parse_host(text)


def test_doubles_are_dropped_and_order_is_kept() -> None:
    assert [host.label for host in parse_hosts(" b, a ,b,, a:22")] == ["b", "a", "a:22"]


def test_labels_name_the_port_only_where_it_tells_hosts_apart() -> None:
    assert [host.label for host in parse_hosts("a:1,b:1,a:2")] == ["a:1", "b", "a:2"]

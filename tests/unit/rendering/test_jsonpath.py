"""JSONPath."""

import pytest

from st2lite.models.errors import RenderError
from st2lite.rendering.jsonpath import find

DATA = {
    "store": {"book": [{"t": "a", "p": 1}, {"t": "b", "p": 2}, {"t": "c"}], "odd key": {"a.b": 7, "it's": 8}},
    "0": "zero",
    "x-y": [[1, 2], [3]],
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", [DATA]),
        ("", [DATA]),
        ("0", ["zero"]),
        ("$.store.book[0].t", ["a"]),
        ("store.book[0].t", ["a"]),
        ("store.book[-1].t", ["c"]),
        ("store.book[5]", []),
        ("store.book[*].p", [1, 2]),
        ("store.book.*.p", [1, 2]),
        ("store.book[0:2].t", ["a", "b"]),
        ("store.book[1:].t", ["b", "c"]),
        ("store.book[::2].t", ["a", "c"]),
        ("$..p", [1, 2]),
        ("$..book[0].t", ["a"]),
        ("store['odd key']['a.b']", [7]),
        ("store[\"odd key\"]['it\\'s']", [8]),
        ("store.book[0]['t','p']", ["a", 1]),
        ("store.book[0][t,p]", ["a", 1]),
        ("x-y[*][0]", [1, 3]),
        ("['x-y'][1]", [[3]]),
        ("store.none.none", []),
        ("store.book.t", []),
    ],
)
def test_matches(path, expected):
    assert find(path, DATA) == expected


@pytest.mark.parametrize("path", ["a[", "a..", "a.[", "a b", "$x", "a[?(@.b)]", "a[1:2:3:4]", "a]", "a['b]"])
def test_what_is_no_path_is_said_to_be_none(path):
    with pytest.raises(RenderError, match="is not a JSONPath"):
        find(path, DATA)

"""Overrides."""

import pytest

from st2lite.content.overrides import Overrides
from st2lite.models.errors import ContentError


def write(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)


def test_the_more_special_wins(tmp_path):
    write(
        tmp_path,
        _global="actions: {defaults: {enabled: false}}",
        web="actions: {exceptions: {get: {enabled: true}}}",
        db="actions: {defaults: {enabled: true}, exceptions: {drop: {enabled: false}}}",
    )
    assert Overrides(tmp_path, "web").enabled("actions", "get", False) is True
    assert Overrides(tmp_path, "web").enabled("actions", "put", True) is False
    assert Overrides(tmp_path, "db").enabled("actions", "query", False) is True
    assert Overrides(tmp_path, "db").enabled("actions", "drop", True) is False
    assert Overrides(tmp_path, "other").enabled("sensors", "s", True) is True
    assert Overrides(None, "web").enabled("actions", "get", True) is True


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("_global", "actions: {exceptions: {get: {enabled: true}}}", "exceptions belong in the file of a pack"),
        ("web", "policies: {}", '"policies" cannot be overridden'),
        ("web", "actions: [x]", "expected a map with defaults"),
        ("web", "actions: {exceptions: [x]}", "expected a map of names"),
        ("web", "actions: {defaults: {runner_type: noop}}", "only attribute that can be overridden is enabled"),
        ("web", "actions: {exceptions: {get: {enabled: 1}}}", "get: enabled has to be true or false"),
    ],
)
def test_faults_name_the_file(tmp_path, name, text, message):
    write(tmp_path, **{name: text})
    with pytest.raises(ContentError, match=message) as caught:
        Overrides(tmp_path, "web")
    assert f"{name}.yaml" in caught.value.message

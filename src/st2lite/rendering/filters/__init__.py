"""Filters that templates may use beside those of Jinja."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from st2lite.rendering.filters import data, datastore, paths, regex, timespans, versions

FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        data.from_json_string,
        data.from_yaml_string,
        data.json_escape,
        data.jsonpath_query,
        data.to_complex,
        data.to_json_string,
        data.to_yaml_string,
        data.use_none,
        datastore.decrypt_kv,
        paths.basename,
        paths.dirname,
        regex.regex_match,
        regex.regex_replace,
        regex.regex_search,
        regex.regex_substring,
        timespans.to_human_time_from_seconds,
        versions.version_bump_major,
        versions.version_bump_minor,
        versions.version_bump_patch,
        versions.version_compare,
        versions.version_equal,
        versions.version_less_than,
        versions.version_match,
        versions.version_more_than,
        versions.version_strip_patch,
    )
}

"""Regular expressions in templates."""

from __future__ import annotations

import re
from typing import Any

from st2lite.models.patterns import compile_pattern


def _flags(ignorecase: bool) -> re.RegexFlag:
    return re.IGNORECASE if ignorecase else re.RegexFlag(0)


def regex_match(value: Any, pattern: str = "", ignorecase: bool = False) -> bool:
    """Tell whether the pattern matches at the start."""
    return compile_pattern(pattern, _flags(ignorecase)).match(str(value)) is not None


def regex_search(value: Any, pattern: str = "", ignorecase: bool = False) -> bool:
    """Tell whether the pattern matches anywhere."""
    return compile_pattern(pattern, _flags(ignorecase)).search(str(value)) is not None


def regex_replace(value: Any, pattern: str = "", replacement: str = "", ignorecase: bool = False) -> str:
    """Replace every match; the replacement may refer to groups."""
    return compile_pattern(pattern, _flags(ignorecase)).sub(replacement, str(value))


def regex_substring(value: Any, pattern: str = "", result_index: int = 0, ignorecase: bool = False) -> Any:
    """The match with this index among all of them (its groups, if the pattern has several)."""
    return compile_pattern(pattern, _flags(ignorecase)).findall(str(value))[result_index]

"""Regular expressions in templates."""

from __future__ import annotations

import re
from typing import Any


def _flags(ignorecase: bool) -> re.RegexFlag:
    return re.IGNORECASE if ignorecase else re.RegexFlag(0)


def regex_match(value: Any, pattern: str = "", ignorecase: bool = False) -> bool:
    """Tell whether the pattern matches at the start."""
    return re.match(pattern, str(value), _flags(ignorecase)) is not None


def regex_search(value: Any, pattern: str = "", ignorecase: bool = False) -> bool:
    """Tell whether the pattern matches anywhere."""
    return re.search(pattern, str(value), _flags(ignorecase)) is not None


def regex_replace(value: Any, pattern: str = "", replacement: str = "", ignorecase: bool = False) -> str:
    """Replace every match; the replacement may refer to groups."""
    return re.sub(pattern, replacement, str(value), flags=_flags(ignorecase))


def regex_substring(value: Any, pattern: str = "", result_index: int = 0, ignorecase: bool = False) -> Any:
    """The match with this index among all of them (its groups, if the pattern has several)."""
    return re.findall(pattern, str(value), _flags(ignorecase))[result_index]

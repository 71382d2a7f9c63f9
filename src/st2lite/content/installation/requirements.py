"""What a pack demands of the host: versions of StackStorm and Python."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator

from st2lite import STACKSTORM_VERSION
from st2lite.models.pack import Pack

_COMPARISON = re.compile(r"(>=|<=|=|>|<)\s*(\d+)\.(\d+)\.(\d+)")
_OPERATORS = {">=": operator.ge, "<=": operator.le, "=": operator.eq, ">": operator.gt, "<": operator.lt}


def unmet(pack: Pack) -> Iterator[str]:
    """Why a pack does not fit this host, one text for each reason."""
    ours = tuple(map(int, STACKSTORM_VERSION.split(".")))
    for part in filter(str.strip, pack.stackstorm_version.split(",")):
        comparison = _COMPARISON.match(part.strip())
        if comparison and not _OPERATORS[comparison[1]](ours, tuple(map(int, comparison.groups()[1:]))):
            yield (
                f'Pack "{pack.ref}" requires StackStorm "{pack.stackstorm_version}", but the version that this host '
                f'is compatible with is "{STACKSTORM_VERSION}".'
            )
            break
    if pack.python_versions == ["2"]:
        yield f'Pack "{pack.ref}" supports only Python 2.x, which is not available on this host.'

"""Where a pack is to come from, as people write it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from st2lite.models.errors import InvalidInput

INDEX, GIT, LOCAL, ARCHIVE = "index", "git", "local", "archive"
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".zip")

_GIT_SCHEMES = frozenset({"http", "https", "git", "ssh"})
_SSH = re.compile(r"[\w.-]+@[\w.-]+:[^:].*")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_NAME = re.compile(r"[\w-]+")
_REF = re.compile(r"[\w.][\w./+@-]*")
_FORMS = (
    "a name of the index, owner/repository, the URL of a git repository, file:///directory, or an archive "
    f"({', '.join(ARCHIVE_SUFFIXES)}); each may be followed by =version"
)


@dataclass(frozen=True)
class Source:
    """Where a pack comes from.

    `location` is a name of the index (`kind` INDEX), a URL (GIT, ARCHIVE) or an absolute path (LOCAL, ARCHIVE); `ref` a
    branch, tag, commit or version, None for the default one. `given` is what was written.
    """

    given: str
    kind: str
    location: str
    ref: str | None = None

    @property
    def name(self) -> str:
        """Name of the pack if its manifest gives none that fits: the last part of the location."""
        last = re.split(r"[/:]", self.location.rstrip("/"))[-1]
        for suffix in (*ARCHIVE_SUFFIXES, ".git"):
            last = last.removesuffix(suffix)
        return re.sub(r"[^a-z0-9]+", "_", last.lower()).strip("_") or "pack"


def parse_source(text: str) -> Source:
    """Read a source; raise `InvalidInput` that lists the possible forms."""
    given = text.strip()
    location, ref = _split(given)
    if ref is not None and (not _REF.fullmatch(ref) or ".." in ref):
        raise InvalidInput(f'packs: "{ref}" in "{given}" cannot be a version, branch, tag or commit.')
    kind, location = _classify(location)
    if not kind:
        raise InvalidInput(f'packs: "{given}" is none of these: {_FORMS}.')
    return Source(given, kind, location, ref)


def _split(text: str) -> tuple[str, str | None]:
    """Location and ref; a `=` in a URL with a query, or in the path of something that exists, is none of ours."""
    if "?" in text or (text.startswith("/") and Path(text).exists()):
        return text, None
    location, sign, ref = text.partition("=")
    return location, ref if sign else None


def _classify(location: str) -> tuple[str, str]:
    is_archive = location.lower().endswith(ARCHIVE_SUFFIXES)
    if location.startswith("/"):
        return ARCHIVE if is_archive else LOCAL, location
    if _SSH.fullmatch(location) and "://" not in location:
        return GIT, location
    if _NAME.fullmatch(location) and not location.startswith("-"):
        return INDEX, location
    if _REPOSITORY.fullmatch(location) and not location.startswith(("-", ".")):
        return GIT, f"https://github.com/{location}"
    try:
        url = urlsplit(location)
    except ValueError:
        return "", location
    if url.scheme == "file" and not url.netloc and url.path.startswith("/"):
        return ARCHIVE if is_archive else LOCAL, unquote(url.path)
    if url.scheme in ("http", "https") and url.netloc and is_archive:
        return ARCHIVE, location
    if url.scheme in _GIT_SCHEMES and url.netloc and url.path.strip("/"):
        return GIT, location
    return "", location

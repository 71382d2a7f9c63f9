"""Files of a pack as clients may see them."""

from __future__ import annotations

import codecs
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from st2lite.content.paths import inside
from st2lite.models.errors import ContentError, InvalidInput, NotFound
from st2lite.models.pack import Pack

MAX_SIZE = 500_000
"""Bytes; larger files are not served."""
_LOOKED_AT = 1024
_BINARY_STARTS = (codecs.BOM_UTF8, codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF32_LE)
_MEDIA_TYPES = {
    ".yaml": "application/x-yaml",
    ".yml": "application/x-yaml",
    ".py": "text/x-python",
    ".md": "text/markdown",
    ".sh": "text/x-sh",
}


@dataclass(frozen=True)
class PackFile:
    """Content of a file, its media type and when it was changed (seconds since the epoch)."""

    content: bytes
    media_type: str
    modified: float


def read_pack_file(pack: Pack, file_path: str) -> PackFile:
    """One file; raise `NotFound`, or `InvalidInput` for one that is too large."""
    try:
        path = inside(Path(pack.path), file_path)
        status = path.stat()
        if not path.is_file():
            raise FileNotFoundError
        if status.st_size > MAX_SIZE:
            raise InvalidInput(f'File "{file_path}" exceeds maximum allowed file size ({MAX_SIZE} bytes).')
        return PackFile(path.read_bytes(), media_type(path), status.st_mtime)
    except (ContentError, OSError):  # what lies outside is none of the caller's business, not even whether it exists
        raise NotFound(f'Pack "{pack.ref}" has no file "{file_path}" that can be read.') from None


def read_text_files(pack: Pack, names: list[str] | None = None) -> list[dict[str, Any]]:
    """Text files of a pack as `{file_path, content}`; those missing, too large or binary are left out."""
    found = []
    for name in pack.files if names is None else names:
        try:
            content = read_pack_file(pack, name).content
        except (NotFound, InvalidInput):
            continue
        if not is_binary(content):
            found.append({"file_path": name, "content": content.decode(errors="replace")})
    return found


def is_binary(content: bytes) -> bool:
    """Tell whether content looks binary: a zero byte near its start, or a byte order mark."""
    return b"\0" in content[:_LOOKED_AT] or content.startswith(_BINARY_STARTS)


def media_type(path: Path) -> str:
    """Media type by the name of a file."""
    return _MEDIA_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"

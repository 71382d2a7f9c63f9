"""Collections that `mongodump` has written: files of BSON documents, plain or gzipped."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

from bson import ObjectId, decode_file_iter
from bson.errors import BSONError

from st2lite.models.errors import InvalidInput
from st2lite.models.timestamps import format_timestamp

# MongoDB of old allowed neither in names of fields; MongoEngine stored these full-width twins.
_UNESCAPED = str.maketrans({"\uff0e": ".", "\uff04": "$"})


def find_dump(directory: Path, database: str) -> Path:
    """The directory with the files of a database: `directory` itself, or the one below it with the database's name."""
    for candidate in (directory / database, directory):
        if any(candidate.glob("*.bson")) or any(candidate.glob("*.bson.gz")):
            return candidate
    raise InvalidInput(
        f"{directory} holds no dump of a database: there are no .bson files in it, nor in {database} below it. "
        f"Make one with mongodump --db {database} --out DIR."
    )


def read_dump(directory: Path, collection: str) -> Iterator[dict[str, Any]]:
    """Yield the documents of a collection as plain data; nothing if the dump does not have it.

    Object ids become hex text, moments timestamps, and dots in the names of fields dots again.
    """
    for path in (directory / f"{collection}.bson", directory / f"{collection}.bson.gz"):
        if path.exists():
            with _opened(path) as stream:
                try:
                    for document in decode_file_iter(stream):
                        yield _plain(document)
                except (BSONError, EOFError, OSError) as error:
                    raise InvalidInput(f"{path} is damaged: {error}") from None
            return


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key).translate(_UNESCAPED): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, ObjectId):
        return str(value)
    if isinstance(value, datetime):
        return format_timestamp(value if value.tzinfo else value.replace(tzinfo=timezone.utc))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value

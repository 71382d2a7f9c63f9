"""The index of packs: JSON from URLs and files, merged in the order of the configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from st2lite.content.installation.programs import hide_credentials, proxy_certificates
from st2lite.models.errors import InvalidInput, St2liteError

MALFORMED, UNRESPONSIVE, EMPTY, OTHER = "malformed", "unresponsive", "empty", "other errors"
LARGEST_FILE = 64 * 1024 * 1024
"""Bytes of an index."""

_TIMEOUTS = (10.0, 30.0)
"""Seconds to wait for a connection, and for the next bytes."""
_NOT_SEARCHED = frozenset({"repo_url", "email"})
_PIECE = 65536

Entry = dict[str, Any]


class IndexProblem(St2liteError):
    """One index cannot be used; `kind` says how so."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class IndexStatus:
    """How it went with one index: number of `packs`, and the kind of `error`, if any."""

    url: str
    packs: int
    message: str
    error: str | None


class PackIndex:
    """The packs of several indexes; where two know a name, the first one counts."""

    def __init__(self, locations: Sequence[str]) -> None:
        self._locations = locations

    def load(self) -> tuple[dict[str, Entry], list[IndexStatus]]:
        """Fetch all indexes: entries by name of the pack, and how it went with each index."""
        packs: dict[str, Entry] = {}
        status = []
        for location in self._locations:
            shown = hide_credentials(location)
            try:
                found = _read(location)
            except IndexProblem as problem:
                status.append(IndexStatus(shown, 0, problem.message, problem.kind))
                continue
            status.append(IndexStatus(shown, len(found), "Success.", None))
            packs = {**found, **packs}
        return packs, status

    def packs(self) -> dict[str, Entry]:
        """All entries by name; raises what `usable` raises."""
        return self.usable()[0]

    def usable(self) -> tuple[dict[str, Entry], list[IndexStatus]]:
        """What `load` returns; raise `InvalidInput` that tells what is wrong when no index can be used."""
        packs, status = self.load()
        if not packs:
            told = "; ".join(f"{entry.url}: {entry.message}" for entry in status) or "none is configured"
            raise InvalidInput(f"No results from the pack index ([content] index_url): {told}.")
        return packs, status

    def health(self) -> dict[str, Any]:
        """Counts of indexes, faults and packs, as `/packs/index/health` shows them."""
        packs, status = self.load()
        faults = [entry.error for entry in status if entry.error]
        return {
            "indexes": {
                "count": len(status),
                "valid": len(status) - len(faults),
                "invalid": len(faults),
                "errors": {kind: faults.count(kind) for kind in dict.fromkeys(faults)},
                "status": [asdict(entry) for entry in status],
            },
            "packs": {"count": len(packs)},
        }


def search(packs: Mapping[str, Entry], query: str) -> list[Entry]:
    """Entries that hold a text, in any case: those whose name does come first, then keywords, then all others."""
    wanted = query.lower()
    ranks: list[list[Entry]] = [[], [], []]
    for name, entry in packs.items():
        if wanted in name.lower() or any(wanted in text for text in _texts(entry.get("name"))):
            ranks[0].append(entry)
        elif any(wanted in text for text in _texts(entry.get("keywords"))):
            ranks[1].append(entry)
        elif any(wanted in text for key, value in entry.items() if key not in _NOT_SEARCHED for text in _texts(value)):
            ranks[2].append(entry)
    return [entry for rank in ranks for entry in rank]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value).lower()


def _read(location: str) -> dict[str, Entry]:
    try:
        content = json.loads(b"".join(fetch(location)))
    except ValueError as error:
        raise IndexProblem(MALFORMED, f"Not valid JSON: {error}") from None
    except RecursionError:
        raise IndexProblem(MALFORMED, "Nested too deeply") from None
    packs = content.get("packs") if isinstance(content, dict) else None
    if not isinstance(packs, dict) or not all(isinstance(entry, dict) for entry in packs.values()):
        raise IndexProblem(MALFORMED, 'Not an index: it has no map "packs" of names to packs')
    if not packs:
        raise IndexProblem(EMPTY, "It lists no pack")
    return {name: _entry(name, entry, location) for name, entry in packs.items()}


def _entry(name: str, entry: Entry, location: str) -> Entry:
    """An entry with its name; an address in it may be relative to the index, as on a medium that is carried around."""
    address = entry.get("repo_url")
    if isinstance(address, str) and address.startswith(("./", "../")):
        base = location if "://" in location else f"file://{location}"
        entry = {**entry, "repo_url": urljoin(base, address)}
    return {"name": name, **entry}


def fetch(location: str, limit: int = LARGEST_FILE) -> Iterator[bytes]:
    """The content of a URL (http, https, file) or an absolute path, in pieces; raises `IndexProblem`.

    Proxies of the environment are honoured, certificates are checked.
    """
    url = urlsplit(location)
    if location.startswith("/") or url.scheme == "file":
        yield _read_file(Path(unquote(url.path)))
        return
    if url.scheme not in ("http", "https"):
        raise IndexProblem(OTHER, "Not a URL: use http://, https://, file:/// or an absolute path")
    import requests

    try:
        with requests.get(location, timeout=_TIMEOUTS, stream=True, verify=proxy_certificates() or True) as response:
            response.raise_for_status()
            for piece in response.iter_content(_PIECE):
                limit -= len(piece)
                if limit < 0:
                    raise IndexProblem(OTHER, "Too large")
                yield piece
    except (requests.ConnectionError, requests.Timeout) as error:
        raise IndexProblem(UNRESPONSIVE, hide_credentials(f"No answer: {error}")) from None
    except requests.RequestException as error:
        raise IndexProblem(OTHER, hide_credentials(str(error))) from None


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise IndexProblem(UNRESPONSIVE, f"{path} cannot be read: {error.strerror}") from None

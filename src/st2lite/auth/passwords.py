"""Passwords in a flat file, as the `htpasswd` command writes it: one `user:hash` a line, all of its kinds of hash."""

from __future__ import annotations

import logging
import os
import secrets
import string
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from st2lite.models.errors import Unauthorized

if TYPE_CHECKING:
    from passlib.context import CryptContext

log = logging.getLogger(__name__)

INVALID = "Invalid or missing credentials"

_SCHEMES = ["sha256_crypt", "sha512_crypt", "apr_md5_crypt", "ldap_sha1", "des_crypt", "plaintext"]
_BCRYPT_IDENTS = ("$2y$", "$2b$", "$2a$")
_BCRYPT_BYTES = 72
_BCRYPT_ROUNDS = 10
_NOT_OTHERS = 0o640


class PasswordBackend(Protocol):
    def verify(self, user: str, password: str) -> None:
        """Return if this is the user's password; else raise `Unauthorized`, without telling which of both is wrong."""


class FlatFile:
    """Checks passwords against an htpasswd file, which is read again whenever it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._version: tuple[int, ...] | None = None
        self._hashes: dict[str, str] = {}
        self._context: CryptContext | None = None
        self._decoy = ""

    def verify(self, user: str, password: str) -> None:
        with self._lock:
            self._refresh()
            known = self._hashes.get(user)
            decoy = self._decoy
        # An unknown user costs as much time as a known one: nobody learns from the clock who has an account.
        if not self._matches(password, known or decoy) or known is None:
            raise Unauthorized(INVALID)

    def _refresh(self) -> None:
        try:
            status = self._path.stat()
            version = (status.st_mtime_ns, status.st_size, status.st_ino)
            if version == self._version:
                return
            lines = self._path.read_text("utf-8", errors="replace").splitlines()
        except OSError as error:
            log.error("Nobody can log in: the password file %s cannot be read: %s", self._path, error.strerror)
            self._version, self._hashes = None, {}
            return
        self._version, self._hashes = version, dict(self._parse(lines))
        self._decoy = next(iter(self._hashes.values()), "")

    def _parse(self, lines: list[str]) -> list[tuple[str, str]]:
        entries = []
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            user, colon, hashed = line.strip().partition(":")
            if user and colon and hashed:
                entries.append((user, hashed))
            else:
                log.warning('%s, line %d is ignored: it is not of the form "user:hash"', self._path, number)
        return entries

    def _matches(self, password: str, hashed: str) -> bool:
        secret = password.encode("utf-8", "surrogatepass")
        try:
            if hashed.startswith(_BCRYPT_IDENTS):
                import bcrypt

                # The rest never counted; today's bcrypt refuses longer input where it used to cut it off.
                return bcrypt.checkpw(secret[:_BCRYPT_BYTES], hashed.encode())
            context = self._context = self._context or _create_context()
            return bool(context.verify(secret, hashed))
        except ValueError:
            # A NUL character in the password, or a hash that is damaged.
            return False


def _create_context() -> CryptContext:
    """Imported at the first hash that is not bcrypt: to know all the other kinds takes time and megabytes."""
    from passlib.context import CryptContext

    return CryptContext(_SCHEMES)


def hash_password(password: str) -> str:
    """Hash a password for an htpasswd file (bcrypt)."""
    import bcrypt

    hashed = bcrypt.hashpw(password.encode()[:_BCRYPT_BYTES], bcrypt.gensalt(_BCRYPT_ROUNDS)).decode()
    return hashed.replace("$2b$", "$2y$", 1)  # the same hash under the name that Apache writes


def generate_password() -> str:
    """A new password: 24 letters and digits, which no shell, URL or command line takes for anything else."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(24))


def users_of(path: Path) -> set[str]:
    """Names of those who have a password in an htpasswd file; none if there is no file."""
    lines = path.read_text("utf-8", errors="replace").splitlines() if path.exists() else []
    return {line.strip().partition(":")[0] for line in lines if ":" in line and not line.startswith("#")}


def write_password(path: Path, user: str, password: str) -> None:
    """Set the password of one user in an htpasswd file; the other lines and its owner stay as they are.

    A new file has mode 0600; one that others could read is closed to them. Raises `OSError`.
    """
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if line.partition(":")[0] != user]
    _replace_lines(path, [*kept, f"{user}:{hash_password(password)}"])


def remove_password(path: Path, user: str) -> bool:
    """Take one user out of an htpasswd file; tell whether there was one. Raises `OSError`."""
    if user not in users_of(path):
        return False
    _replace_lines(path, [line for line in path.read_text("utf-8").splitlines() if line.partition(":")[0] != user])
    return True


def _replace_lines(path: Path, lines: list[str]) -> None:
    """Write a file anew in one step, under the owner that it has, and closed to others."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
        if path.exists():
            before = path.stat()
            os.fchown(descriptor, before.st_uid, before.st_gid)
            os.fchmod(descriptor, before.st_mode & _NOT_OTHERS)
    temporary.replace(path)

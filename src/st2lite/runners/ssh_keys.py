"""Private keys for SSH, from a file or from text, in any format that OpenSSH and OpenSSL write."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from st2lite.models.errors import InvalidInput

if TYPE_CHECKING:
    import paramiko
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_PEM_MARK = "-----BEGIN"


def load_key(material_or_path: str, passphrase: str | None) -> paramiko.PKey:
    """Load a private key; text with a PEM mark is the key itself, anything else the path of a file.

    A certificate beside the file (`<path>-cert.pub`) is used with it. Raises `InvalidInput` with the remedy, never with
    any part of the key.
    """
    if _PEM_MARK in material_or_path:
        return _parse(material_or_path.strip().encode() + b"\n", passphrase, 'in parameter "private_key"')
    path = Path(material_or_path).expanduser()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"The private key file {path} cannot be read: {error.strerror}.") from error
    key = _parse(data, passphrase, f"in file {path}")
    certificate = path.with_name(f"{path.name}-cert.pub")
    if certificate.exists():
        key.load_certificate(str(certificate))
    return key


def _parse(data: bytes, passphrase: str | None, where: str) -> paramiko.PKey:
    import paramiko
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    loaded = _load(data, passphrase, where)
    kinds: list[tuple[type, type[paramiko.PKey]]] = [
        (ed25519.Ed25519PrivateKey, paramiko.Ed25519Key),
        (rsa.RSAPrivateKey, paramiko.RSAKey),
        (ec.EllipticCurvePrivateKey, paramiko.ECDSAKey),
    ]
    kind = next((ours for theirs, ours in kinds if isinstance(loaded, theirs)), None)
    if kind is None:
        raise InvalidInput(f"The private key {where} is of a kind that SSH does not use any more: make an ed25519 key.")
    # One format for all: the library below reads fewer of them than the tools that people make keys with.
    plain = loaded.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return kind.from_private_key(io.StringIO(plain.decode()))


def _load(data: bytes, passphrase: str | None, where: str) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    openssh = b"BEGIN OPENSSH" in data
    load = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
    try:
        try:
            return load(data, passphrase.encode() if passphrase else None)
        except TypeError:
            if not passphrase:
                raise InvalidInput(f'The private key {where} is encrypted: give its parameter "passphrase".') from None
            return load(data, None)  # a passphrase for a key without one does no harm
    except (ValueError, UnsupportedAlgorithm):
        # The cause is left out: what a parser says about a key may hold parts of it.
        remedy = "check the passphrase and the key" if passphrase else "check that it is a complete private key"
        raise InvalidInput(f"The private key {where} cannot be read: {remedy}.") from None

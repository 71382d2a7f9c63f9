"""Encryption of datastore items, compatible with StackStorm's key file and ciphertext.

Ciphertext is upper-case hex of: 5 header bytes (ASCII zeros), 16 bytes IV, AES-256-CBC of the UTF-8 text with PKCS#7
padding, 20 bytes HMAC-SHA1 over all before it. The key file is JSON with both keys in URL-safe base64 without padding.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any

from st2lite.models.errors import Conflict, CryptoError

KEY_RING = "key ring"
"""Where filters find the key ring among the variables of a template: no identifier, so that no template can name it."""

_HEADER = b"0" * 5
_BLOCK = 16
_SIGNATURE = 20
_KEY_BYTES = 32


class KeyRing:
    """The key pair that datastore items are encrypted and signed with."""

    def __init__(self, aes_key: bytes, hmac_key: bytes) -> None:
        self._aes_key = aes_key
        self._hmac_key = hmac_key

    def __repr__(self) -> str:
        return "<KeyRing>"

    @classmethod
    def generate(cls) -> KeyRing:
        """A new random key pair."""
        return cls(os.urandom(_KEY_BYTES), os.urandom(_KEY_BYTES))

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """Read a key file; raise `CryptoError` that says what is wrong with it."""
        try:
            return cls.from_json(path.read_text())
        except FileNotFoundError:
            raise CryptoError(f"{path}: no such key file; make one with st2-generate-symmetric-crypto-key") from None
        except OSError as error:
            raise CryptoError(f"{path}: the key file cannot be read: {error.strerror}") from None
        except (ValueError, CryptoError) as error:
            raise CryptoError(f"{path}: not a key file: {error}") from None

    @classmethod
    def from_json(cls, text: str) -> KeyRing:
        """Parse the content of a key file."""
        try:
            content = json.loads(text)
            mode, aes_text, hmac_text = content["mode"], content["aesKeyString"], content["hmacKey"]["hmacKeyString"]
            aes_key, hmac_key = _from_base64(aes_text), _from_base64(hmac_text)
        except (KeyError, TypeError, AttributeError):
            raise CryptoError("expected a map with aesKeyString, mode and hmacKey.hmacKeyString") from None
        except ValueError:
            raise CryptoError("expected JSON with both keys in URL-safe base64") from None
        if str(mode).upper() != "CBC" or len(aes_key) not in (16, 24, 32) or not hmac_key:
            raise CryptoError("expected mode CBC and an AES key of 128, 192 or 256 bits")
        return cls(aes_key, hmac_key)

    def to_json(self) -> str:
        """Content of the key file."""
        return json.dumps(
            {
                "hmacKey": {"hmacKeyString": _to_base64(self._hmac_key), "size": len(self._hmac_key) * 8},
                "aesKeyString": _to_base64(self._aes_key),
                "mode": "CBC",
                "size": len(self._aes_key) * 8,
            }
        )

    def encrypt(self, text: str) -> str:
        """Ciphertext of a text."""
        vector = os.urandom(_BLOCK)
        data = text.encode()
        padding = _BLOCK - len(data) % _BLOCK
        encryptor = self._cipher(vector).encryptor()
        payload = _HEADER + vector + encryptor.update(data + bytes([padding]) * padding) + encryptor.finalize()
        signed: bytes = payload + self._sign(payload)
        return signed.hex().upper()

    def decrypt(self, ciphertext: str) -> str:
        """Text of a ciphertext; raise `CryptoError` if it was not made with this key or was changed."""
        try:
            payload = bytes.fromhex(ciphertext)
        except ValueError:
            raise CryptoError("The value is not encrypted: ciphertext is hexadecimal text.") from None
        payload, signature = payload[:-_SIGNATURE], payload[-_SIGNATURE:]
        encrypted = payload[len(_HEADER) + _BLOCK :]
        if not encrypted or len(encrypted) % _BLOCK:
            raise CryptoError("The value is not encrypted: its length cannot be that of a ciphertext.")
        if not hmac.compare_digest(signature, self._sign(payload)):
            raise CryptoError("The value was encrypted with another key, or was changed since.")
        decryptor = self._cipher(payload[len(_HEADER) : len(_HEADER) + _BLOCK]).decryptor()
        data: bytes = decryptor.update(encrypted) + decryptor.finalize()
        try:
            return data[: -data[-1]].decode()
        except UnicodeDecodeError:
            raise CryptoError("The decrypted value is not UTF-8 text.") from None

    def _sign(self, payload: bytes) -> bytes:
        return hmac.new(self._hmac_key, payload, hashlib.sha1).digest()

    def _cipher(self, vector: bytes) -> Any:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        return Cipher(algorithms.AES(self._aes_key), modes.CBC(vector))


def require(ring: KeyRing | None) -> KeyRing:
    """The key ring; raise `CryptoError` with the remedy when none is configured."""
    if ring is None:
        raise CryptoError(
            "No encryption key is configured: make one with st2-generate-symmetric-crypto-key and name its file as "
            "encryption_key_path in section [keyvalue] of st2.conf."
        )
    return ring


def generate_key_file(path: Path, overwrite: bool = False) -> None:
    """Write a new key file, mode 0600, all of it or nothing; raise `Conflict` if there is one and it is to be kept."""
    try:
        _write_key_file(path, overwrite)
    except FileExistsError:
        raise Conflict(
            f"{path}: the key file exists already and was kept; without it, all that it encrypted would be lost"
        ) from None
    except OSError as error:
        raise CryptoError(f"{path}: the key file cannot be written: {error.strerror}") from None


def _write_key_file(path: Path, overwrite: bool) -> None:
    spare = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with os.fdopen(os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(KeyRing.generate().to_json())
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            spare.replace(path)
        else:
            path.hardlink_to(spare)  # fails if there is a file already, in one step
    finally:
        spare.unlink(missing_ok=True)


def _to_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)

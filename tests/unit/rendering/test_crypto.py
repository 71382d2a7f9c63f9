"""Encryption of datastore items, and the key file."""

import hashlib
import hmac
import json
import stat

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from hypothesis import given
from hypothesis import strategies as st

from st2lite.models.errors import Conflict, CryptoError
from st2lite.rendering.crypto import KeyRing, generate_key_file, require

KEYCZAR_FILE = {
    "hmacKey": {"hmacKeyString": "lgI9YdOKlIOtPQFdgB0B6zr0AZ6L2QJuFQg4gTu2dxc", "size": 256},
    "size": 256,
    "aesKeyString": "vKmBE2YeQ9ATyovel7NDjdnbvOMcoU5uPtUVxWxWm58",
    "mode": "CBC",
}
AES_KEY = bytes.fromhex("bca98113661e43d013ca8bde97b3438dd9dbbce31ca14e6e3ed515c56c569b9f")
HMAC_KEY = bytes.fromhex("96023d61d38a9483ad3d015d801d01eb3af4019e8bd9026e150838813bb67717")
RING = KeyRing.from_json(json.dumps(KEYCZAR_FILE))


def encrypt_by_hand(text, header=b"\x00\xde\xad\xbe\xef", vector=bytes(range(16))):
    padder = PKCS7(128).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(AES_KEY), modes.CBC(vector)).encryptor()
    payload = header + vector + encryptor.update(padded) + encryptor.finalize()
    return (payload + hmac.new(HMAC_KEY, payload, hashlib.sha1).digest()).hex()


@given(st.text())
def test_what_was_encrypted_is_decrypted(text):
    assert RING.decrypt(RING.encrypt(text)) == text


@pytest.mark.parametrize("text", ["", "secret", "ünïcödé ✓", "x" * 16, "x" * 1000])
def test_ciphertext_of_other_software_is_read_whatever_its_header(text):
    assert RING.decrypt(encrypt_by_hand(text)) == text
    assert RING.decrypt(encrypt_by_hand(text).upper()) == text


def test_the_form_of_ciphertext():
    text = RING.encrypt("secret")
    assert text == text.upper()
    payload = bytes.fromhex(text)
    assert payload[:5] == b"00000"
    assert len(payload) == 5 + 16 + 16 + 20
    vector, encrypted = payload[5:21], payload[21:-20]
    assert encrypt_by_hand("secret", b"00000", vector) == text.lower()
    assert RING.encrypt("secret") != text, "a new initialization vector every time"
    assert encrypted != b"secret"


@given(st.integers(0, 56), st.integers(1, 255))
def test_any_change_is_noticed(position, difference):
    payload = bytearray.fromhex(RING.encrypt("secret"))
    payload[position] ^= difference
    with pytest.raises(CryptoError, match="another key, or was changed"):
        RING.decrypt(payload.hex())


@pytest.mark.parametrize("text", ["", "secret", "0", "00", "ab" * 41, "AB" * 60])
def test_what_is_no_ciphertext(text):
    with pytest.raises(CryptoError, match="not encrypted"):
        RING.decrypt(text)


def test_a_key_file_is_made_read_and_kept(tmp_path):
    path = tmp_path / "key.json"
    generate_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    content = json.loads(path.read_text())
    assert (content["mode"], content["size"], content["hmacKey"]["size"]) == ("CBC", 256, 256)
    assert "=" not in content["aesKeyString"] + content["hmacKey"]["hmacKeyString"]
    secret = KeyRing.load(path).encrypt("x")
    with pytest.raises(Conflict, match="exists already and was kept"):
        generate_key_file(path)
    assert KeyRing.load(path).decrypt(secret) == "x"
    generate_key_file(path, overwrite=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(CryptoError, match="another key"):
        KeyRing.load(path).decrypt(secret)


def test_a_key_file_that_cannot_be_written(tmp_path):
    with pytest.raises(CryptoError, match="cannot be written: No such file"):
        generate_key_file(tmp_path / "none" / "key.json")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "expected JSON"),
        ("[]", "expected a map"),
        ("{}", "expected a map with aesKeyString"),
        (json.dumps({**KEYCZAR_FILE, "mode": "ECB"}), "expected mode CBC"),
        (json.dumps({**KEYCZAR_FILE, "aesKeyString": "YWJj"}), "AES key of 128"),
        (json.dumps({**KEYCZAR_FILE, "aesKeyString": "§$%"}), "URL-safe base64"),
        (json.dumps({**KEYCZAR_FILE, "aesKeyString": 5}), "expected a map"),
    ],
)
def test_what_is_no_key_file(tmp_path, content, text):
    path = tmp_path / "key.json"
    path.write_text(content)
    with pytest.raises(CryptoError, match=text) as caught:
        KeyRing.load(path)
    assert str(path) in caught.value.message


def test_a_missing_key_names_the_remedy(tmp_path):
    with pytest.raises(CryptoError, match="st2-generate-symmetric-crypto-key"):
        KeyRing.load(tmp_path / "none.json")
    with pytest.raises(CryptoError, match="encryption_key_path"):
        require(None)


def test_keys_are_not_shown():
    assert "vKmB" not in repr(RING)
    assert repr(RING) == "<KeyRing>"

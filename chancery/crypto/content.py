"""Content: Cobblestone-256 (C2SP chunked encryption with SHA-512 and AES-256-GCM).

The library's recipe does all streaming.  It offers no random access, so the formula for one chunk is written out here
(HKDF-Expand for the message key, AES-256-GCM with the chunk number in the nonce) and tested against the recipe.

A message is a 56-byte prefix (salt and key commitment) and chunks of 16 KiB plaintext, each with a 16-byte tag; the
last chunk is always shorter than a full one and may be empty, which is how a reader distinguishes the end from a
cut.  A leaf, the unit of hashing and release, is 64 chunks: 1 MiB of plaintext, 1,049,600 sealed bytes.
"""

import hmac
import secrets
from typing import Final, TypeAlias

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from chancery.errors import CannotUnseal, InvalidFile
from chancery.texts import message

Buffer: TypeAlias = bytes | bytearray | memoryview

KEY_SIZE: Final = 32
SALT: Final = 24
COMMITMENT: Final = 32
PREFIX: Final = SALT + COMMITMENT
CHUNK: Final = 16 * 1024
TAG: Final = 16
SEALED_CHUNK: Final = CHUNK + TAG
LEAF_CHUNKS: Final = 64
LEAF: Final = LEAF_CHUNKS * CHUNK
SEALED_LEAF: Final = LEAF_CHUNKS * SEALED_CHUNK

_DOMAIN: Final = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"


def new_content_key() -> bytes:
    """Return a fresh 256-bit content key."""
    return secrets.token_bytes(KEY_SIZE)


def plain_length(sealed: int) -> int:
    """Return the plaintext length of chunks of ``sealed`` bytes, or refuse a length no message can have.

    Checked before any decryption: a body cut at the end of a chunk, or inside the last tag, has such a length.
    """
    full, last = divmod(sealed, SEALED_CHUNK)
    if sealed < TAG or last < TAG:
        raise InvalidFile(message("The body has a length that no complete body can have; it was cut or extended."))
    return full * CHUNK + last - TAG


def encrypt_small(key: bytes, context: bytes, plaintext: bytes) -> bytes:
    """Seal a message that fits into memory."""
    encryptor = encryptor_for(key, context)
    return encryptor.update(plaintext) + encryptor.finalize()


def decrypt_small(key: bytes, context: bytes, sealed: bytes) -> bytes:
    """Open a message that fits into memory; nothing is returned before its end was authenticated."""
    decryptor = decryptor_for(key, context)
    try:
        return decryptor.update(sealed) + decryptor.finalize()
    except (InvalidTag, ValueError):
        raise CannotUnseal(message("The block does not open with this content key.")) from None


def encryptor_for(key: bytes, context: bytes) -> Cobblestone256Encryptor:
    """Return the library's encryptor; its first output (even of no input) is the prefix with a random salt."""
    _check_key(key)
    return Cobblestone256Encryptor(key, context)


def decryptor_for(key: bytes, context: bytes) -> Cobblestone256Decryptor:
    """Return the library's decryptor, which expects the prefix first and authenticates each chunk before release."""
    _check_key(key)
    return Cobblestone256Decryptor(key, context)


class ChunkCipher:
    """The chunk formula of one message, for random access (and, in the generator of vectors, for fixed salts)."""

    __slots__ = ("_aead", "_nonce", "commitment")

    def __init__(self, key: bytes, context: bytes, salt: bytes) -> None:
        """Derive the message key, the nonce and the commitment from the content key and the salt."""
        _check_key(key)
        info = _DOMAIN + salt + context
        derived = HKDFExpand(hashes.SHA512(), 32 + 12 + COMMITMENT, info).derive(key)
        self._aead = AESGCM(derived[:32])
        self._nonce = int.from_bytes(derived[32:44], "big")
        self.commitment = derived[44:]

    @classmethod
    def for_prefix(cls, key: bytes, context: bytes, prefix: bytes) -> "ChunkCipher":
        """Take salt and commitment from a message, and refuse a key that the message does not commit to."""
        cipher = cls(key, context, prefix[:SALT])
        if len(prefix) != PREFIX or not hmac.compare_digest(cipher.commitment, prefix[SALT:]):
            raise CannotUnseal(message("The content key is not the one this body commits to."))
        return cipher

    def open(self, number: int, sealed: Buffer) -> bytes:
        """Open one chunk by its number."""
        try:
            return self._aead.decrypt(self._nonce_of(number), sealed, None)
        except InvalidTag:
            raise InvalidFile(message("A chunk of the body does not open; it was changed or moved.")) from None

    def seal(self, number: int, plaintext: Buffer) -> bytes:
        """Seal one chunk by its number; only for vectors, because a repeated salt would be fatal."""
        return self._aead.encrypt(self._nonce_of(number), plaintext, None)

    def _nonce_of(self, number: int) -> bytes:
        return (self._nonce ^ number).to_bytes(12, "big")


def _check_key(key: bytes) -> None:
    if len(key) != KEY_SIZE:
        raise CannotUnseal(message("A content key has 32 bytes."))

"""Keys, signatures, sealed blobs and chunks against the library and against formulas written out again."""

import hashlib
import pickle
import secrets

import pytest
from cryptography.cobblestone import Cobblestone256Encryptor
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from hypothesis import given, settings
from hypothesis import strategies as st

from chancery.crypto import aead, content, envelope
from chancery.crypto.content import CHUNK, SEALED_CHUNK, ChunkCipher
from chancery.crypto.keys import EncryptionPrivateKey, EncryptionPublicKey
from chancery.crypto.signatures import _SMALL_ORDER, P256_ORDER, SigningKey, VerifyKey, low_s
from chancery.crypto.store import SoftwareKeyStore
from chancery.crypto.suites import (
    ED25519,
    ES256,
    KEMS,
    MLKEM768_X25519,
    P256,
    SIGNATURE_ALGORITHMS,
    X25519,
    kem_named,
    signature_named,
    suite_named,
)
from chancery.errors import CannotUnseal, ChanceryError, InvalidFile, InvalidObject, InvalidSignature, UnknownSuite

INFO = b"info of a test"


def sealed_length(plain: int) -> int:
    """Return the length of all chunks (without the prefix) of a message of ``plain`` bytes."""
    return plain + (plain // CHUNK + 1) * (SEALED_CHUNK - CHUNK)


class Token:
    """A hardware token: it holds a P-256 key and does nothing but Diffie-Hellman."""

    def __init__(self) -> None:
        self._key = EncryptionPrivateKey.generate(P256)

    def encryption_key(self, kid: bytes) -> EncryptionPublicKey:
        if kid != self._key.key_id:
            raise CannotUnseal("no such key")
        return self._key.public

    def agree(self, kid: bytes, peer: bytes) -> bytes:
        assert kid == self._key.key_id
        return self._key.agree(peer)


@pytest.mark.parametrize("name", KEMS)
def test_sealing_and_unsealing(name: str) -> None:
    key = EncryptionPrivateKey.generate(kem_named(name))
    store = SoftwareKeyStore([EncryptionPrivateKey(key.kem, key.private_bytes())])
    blob = envelope.seal(EncryptionPublicKey.named(name, key.public.raw), b"secret", INFO)
    assert len(blob) == 6 + key.kem.overhead
    assert envelope.unseal(store, key.key_id, blob, INFO) == b"secret"
    with pytest.raises(CannotUnseal):
        envelope.unseal(store, key.key_id, blob, INFO + b"x")
    with pytest.raises(CannotUnseal):
        envelope.unseal(SoftwareKeyStore(), key.key_id, blob, INFO)


def test_a_token_that_only_agrees_opens_what_the_library_sealed() -> None:
    token = Token()
    kid = token._key.key_id
    blob = envelope.seal(token.encryption_key(kid), b"secret", INFO)
    assert envelope.unseal(token, kid, blob, INFO) == b"secret"
    for broken in (blob[:-1], blob[:64] + b"\x00" + blob[65:], blob[:-1] + bytes([blob[-1] ^ 1])):
        with pytest.raises(CannotUnseal):
            envelope.unseal(token, kid, broken, INFO)


def test_the_hybrid_key_encapsulation_is_x_wing() -> None:
    """Decapsulation by hand: if the library ever means something else by this name, files would stop opening."""
    key = EncryptionPrivateKey.generate(MLKEM768_X25519)
    lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(key.private_bytes()[:64])
    curve = x25519.X25519PrivateKey.from_private_bytes(key.private_bytes()[64:])
    blob = envelope.seal(key.public, b"secret", INFO)
    first, second, ciphertext = blob[:1088], blob[1088:1120], blob[1120:]
    agreed = curve.exchange(x25519.X25519PublicKey.from_public_bytes(second))
    combined = lattice.decapsulate(first) + agreed + second + curve.public_key().public_bytes_raw()
    shared = hashlib.sha3_256(combined + b"\\.//^\\").digest()
    assert envelope.open_shared(0x647A, shared, ciphertext, INFO) == b"secret"


@pytest.mark.parametrize("name", SIGNATURE_ALGORITHMS)
def test_signing_and_verifying(name: str) -> None:
    key = SigningKey.generate(signature_named(name))
    signature = key.sign(b"message")
    assert signature == SigningKey(key.verify_key.algorithm, key.private_bytes()).sign(b"message")
    key.verify_key.verify(signature, b"message")
    with pytest.raises(InvalidSignature):
        key.verify_key.verify(signature, b"massage")


def test_a_signature_has_one_form() -> None:
    key = SigningKey.generate(ES256)
    for number in range(20):
        signature = key.sign(bytes([number]))
        s = int.from_bytes(signature[32:], "big")
        assert s <= P256_ORDER // 2
        other = signature[:32] + (P256_ORDER - s).to_bytes(32, "big")
        assert low_s(other) == signature
        with pytest.raises(InvalidSignature):
            key.verify_key.verify(other, bytes([number]))


@pytest.mark.parametrize("key", [EncryptionPrivateKey.generate(X25519), SigningKey.generate(ES256)])
def test_secrets_stay_where_they_are(key: EncryptionPrivateKey | SigningKey) -> None:
    assert key.private_bytes().hex() not in repr(key)
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_unknown_names_are_refused() -> None:
    for lookup in (suite_named, kem_named, signature_named):
        with pytest.raises(UnknownSuite):
            lookup("none")


@pytest.mark.parametrize("name", KEMS)
def test_bytes_that_are_no_key_are_refused(name: str) -> None:
    kem = kem_named(name)
    for raw in (b"", bytes(kem.public_size - 1), bytes(kem.public_size + 1)):
        with pytest.raises(InvalidObject):
            EncryptionPublicKey(kem, raw)
        with pytest.raises(InvalidObject):
            EncryptionPrivateKey(kem, raw)


@given(st.binary(max_size=200), st.sampled_from(sorted(KEMS)))
@settings(max_examples=100, deadline=None)
def test_random_blobs_are_refused(blob: bytes, name: str) -> None:
    key = EncryptionPrivateKey.generate(kem_named(name))
    with pytest.raises(CannotUnseal):
        envelope.unseal(SoftwareKeyStore([key]), key.key_id, blob, INFO)


@given(st.binary(max_size=100), st.binary(max_size=50))
def test_wrapping_and_unwrapping(plaintext: bytes, aad: bytes) -> None:
    key = secrets.token_bytes(32)
    blob = aead.wrap(key, plaintext, aad)
    assert len(blob) == len(plaintext) + aead.OVERHEAD
    assert aead.unwrap(key, blob, aad) == plaintext
    with pytest.raises(CannotUnseal):
        aead.unwrap(key, blob, aad + b"x")


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7])
def test_the_chunk_formula_is_the_library(size: int) -> None:
    key, plaintext = content.new_content_key(), secrets.token_bytes(size)
    encryptor = Cobblestone256Encryptor(key, b"context")
    message = encryptor.update(plaintext) + encryptor.finalize()
    assert len(message) == content.PREFIX + sealed_length(size)
    assert content.plain_length(len(message) - content.PREFIX) == size
    cipher = ChunkCipher.for_prefix(key, b"context", message[: content.PREFIX])
    body = message[content.PREFIX :]
    for number in range(size // CHUNK + 1):
        chunk = body[number * SEALED_CHUNK : (number + 1) * SEALED_CHUNK]
        assert cipher.open(number, chunk) == plaintext[number * CHUNK : (number + 1) * CHUNK]
        with pytest.raises(InvalidFile):
            cipher.open(number + 1, chunk)
    for other_key, other_context in ((content.new_content_key(), b"context"), (key, b"contexts")):
        with pytest.raises(CannotUnseal):
            ChunkCipher.for_prefix(other_key, other_context, message[: content.PREFIX])


@given(st.integers(0, 2**50))
def test_every_length_has_one_sealed_length(size: int) -> None:
    assert content.plain_length(sealed_length(size)) == size


@pytest.mark.parametrize("chunks", [0, 1, 2, 63, 64, 65])
def test_impossible_lengths_are_refused(chunks: int) -> None:
    for rest in range(content.TAG):
        with pytest.raises(InvalidFile):
            content.plain_length(chunks * SEALED_CHUNK + rest)
    assert content.plain_length(chunks * SEALED_CHUNK + content.TAG) == chunks * CHUNK


@given(st.binary(max_size=200))
def test_small_messages(data: bytes) -> None:
    key = content.new_content_key()
    message = content.encrypt_small(key, b"c", data)
    assert content.decrypt_small(key, b"c", message) == data
    for broken in (message[:-1], message + b"\x00", data):
        with pytest.raises(ChanceryError):
            content.decrypt_small(key, b"c", broken)


def test_points_of_small_order_are_no_keys() -> None:
    """Computed, not copied: all encodings of y whose point has an order that divides eight."""
    prime = 2**255 - 19
    d = -121665 * pow(121666, -1, prime) % prime

    def doubled(y2: int) -> int | None:
        """Return y² of twice a point from its y², by -x² + y² = 1 + d·x²·y²; None where there is no such point."""
        x2 = (y2 - 1) * pow(d * y2 + 1, -1, prime) % prime
        return pow((y2 + x2) * pow(1 - d * x2 * y2, -1, prime) % prime, 2, prime)

    for encoded in sorted(_SMALL_ORDER):
        y = int.from_bytes(encoded, "little") % prime
        y2: int | None = y * y % prime
        for _turn in range(3):
            assert y2 is not None
            y2 = doubled(y2)
        assert y2 == 1, "eight times the point is the neutral element"
        for sign in (0, 0x80):
            with pytest.raises(InvalidObject):
                VerifyKey(ED25519, bytes((*encoded[:-1], encoded[-1] | sign)))


@pytest.mark.parametrize("point", [bytes(32), (1).to_bytes(32, "little"), (2**255 - 20).to_bytes(32, "little")])
def test_a_key_with_which_every_agreement_is_zero_is_refused(point: bytes) -> None:
    with pytest.raises(InvalidObject):
        EncryptionPublicKey(X25519, point)
    whole = EncryptionPrivateKey.generate(MLKEM768_X25519).public.raw
    with pytest.raises(InvalidObject):
        EncryptionPublicKey(MLKEM768_X25519, whole[:1184] + point)

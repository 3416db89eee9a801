"""Tools that make what honest code refuses to make: any token, any blob with chosen randomness, any file.

Nothing here calls the code that seals, signs licenses or writes files, so the vectors are not that code's opinion of
itself; only raw primitives are shared.
"""

import base64
import hashlib
import hmac
import json
import struct
import uuid
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from chancery.crypto.content import ChunkCipher
from chancery.crypto.keys import EncryptionPrivateKey, EncryptionPublicKey
from chancery.crypto.signatures import SigningKey
from chancery.crypto.suites import MLKEM768_X25519, P256, Kem, SignatureAlgorithm

CHUNK = 16384
LEAF = 64 * 16400
FOOTER = struct.Struct(">IQ8s")


def seed(name: str, size: int = 32) -> bytes:
    """Return bytes that depend on the name only."""
    return hashlib.shake_256(b"chancery vectors/" + name.encode()).digest(size)


def identifier(name: str) -> uuid.UUID:
    return uuid.UUID(bytes=seed(name, 16), version=4)


def signing_key(algorithm: SignatureAlgorithm, name: str) -> SigningKey:
    return SigningKey(algorithm, seed(f"sign/{algorithm.name}/{name}"))


def encryption_key(kem: Kem, name: str) -> EncryptionPrivateKey:
    return EncryptionPrivateKey(kem, seed(f"kem/{kem.name}/{name}", kem.private_size))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def token(typ: str, claims: Any, key: SigningKey, header: dict[str, Any] | None = None) -> str:
    """Sign anything as anything."""
    named = {"kid": b64(key.key_id)} if header is None else header
    return raw_token(compact({"alg": key.verify_key.algorithm.name, "typ": typ, **named}), compact(claims), key)


def raw_token(header: bytes, claims: bytes, key: SigningKey) -> str:
    signing_input = f"{b64(header)}.{b64(claims)}"
    return f"{signing_input}.{b64(key.sign(signing_input.encode()))}"


def hpke_seal(public: EncryptionPublicKey, plaintext: bytes, info: bytes, name: str) -> bytes:
    """Seal with an ephemeral key that depends on the name: RFC 9180, base mode, DHKEM only."""
    ephemeral = encryption_key(public.kem, f"ephemeral/{name}")
    agreed = _agree(public, ephemeral)
    kem_suite = b"KEM" + public.kem.kem_id.to_bytes(2, "big")
    prk = _extract(kem_suite, b"", b"eae_prk", agreed)
    shared = _expand(kem_suite, prk, b"shared_secret", ephemeral.public.raw + public.raw, 32)
    suite = b"HPKE" + public.kem.kem_id.to_bytes(2, "big") + b"\x00\x01\x00\x02"
    context = b"\x00" + _extract(suite, b"", b"psk_id_hash", b"") + _extract(suite, b"", b"info_hash", info)
    secret = _extract(suite, shared, b"secret", b"")
    key, nonce = _expand(suite, secret, b"key", context, 32), _expand(suite, secret, b"base_nonce", context, 12)
    return ephemeral.public.raw + AESGCM(key).encrypt(nonce, plaintext, b"")


def _agree(public: EncryptionPublicKey, ephemeral: EncryptionPrivateKey) -> bytes:
    if public.kem is P256:
        return ephemeral.agree(public.raw)
    assert public.kem is not MLKEM768_X25519, "the library takes no randomness for ML-KEM: see frozen.json"
    private = x25519.X25519PrivateKey.from_private_bytes(ephemeral.private_bytes())
    return private.exchange(x25519.X25519PublicKey.from_public_bytes(public.raw))


def _extract(suite: bytes, salt: bytes, label: bytes, key_material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + key_material, "sha256")


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    data = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    block = hmac.digest(prk, data + b"\x01", "sha256")
    return (block + hmac.digest(prk, block + data + b"\x02", "sha256"))[:length]


def message(key: bytes, context: bytes, plaintext: bytes, name: str) -> tuple[bytes, bytes]:
    """Return prefix and chunks of a Cobblestone-256 message with a salt that depends on the name."""
    salt = seed(f"salt/{name}", 24)
    cipher = ChunkCipher(key, context, salt)
    chunks = [
        cipher.seal(number, plaintext[number * CHUNK : (number + 1) * CHUNK])
        for number in range(len(plaintext) // CHUNK + 1)
    ]
    return salt + cipher.commitment, b"".join(chunks)


def leaf_hashes(body: bytes) -> list[bytes]:
    return [hashlib.sha256(b"\x00" + body[at : at + LEAF]).digest() for at in range(0, len(body), LEAF)]


def merkle_root(hashes: list[bytes]) -> bytes:
    """The recursive definition of RFC 6962, unlike the code under test."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + merkle_root(hashes[:split]) + merkle_root(hashes[split:])).digest()


def part(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def pattern(length: int) -> bytes:
    """Return the plaintext of large vectors: byte i is i modulo 251."""
    block = bytes(range(251))
    return (block * (length // 251 + 1))[:length]


class Pool:
    """Long texts that many vectors share, such as certificates inside of headers; each is once, under a name."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def fold(self, text: str) -> str:
        """Replace shared texts by ``{name}``, which cannot occur in a token."""
        for name, shared in self.texts.items():
            text = text.replace(shared, f"{{{name}}}")
        return text

    def pieces(self, data: bytes) -> list[str]:
        """Write bytes as a list of base64 texts and of ``{name}`` for shared ASCII texts."""
        for name, shared in self.texts.items():
            before, found, after = data.partition(shared.encode())
            if found:
                return [*self.pieces(before), f"{{{name}}}", *self.pieces(after)]
        return [base64.b64encode(data).decode()] if data else []


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims_of(compact_token: str) -> dict[str, Any]:
    """Return the claims of a token, to be changed and signed again."""
    claims: dict[str, Any] = json.loads(unb64(compact_token.split(".")[1]))
    return claims


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def high_s(compact_token: str) -> str:
    """Return the same token with the other ES256 signature that a plain verifier accepts."""
    head, body, tail = compact_token.split(".")
    signature = base64.urlsafe_b64decode(tail + "==")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    s = order - int.from_bytes(signature[32:], "big")
    return f"{head}.{body}.{b64(signature[:32] + s.to_bytes(32, 'big'))}"


def same_tag(key: bytes, context: bytes, prefix: bytes, chunk: bytes, change: bytes) -> bytes:
    """Return another chunk with the same GCM tag, as anybody who has the key can make one.

    The tag is a polynomial over the blocks: a change of one block is made good by that change times H in the next.
    """
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + prefix[:24] + context
    message_key = HKDFExpand(hashes.SHA512(), 32, info).derive(key)
    encryptor = Cipher(algorithms.AES(message_key), modes.ECB()).encryptor()
    h = int.from_bytes(encryptor.update(bytes(16)), "big")
    blocks = bytearray(chunk)
    for offset, delta in ((0, int.from_bytes(change, "big")), (16, _multiply(int.from_bytes(change, "big"), h))):
        old = int.from_bytes(blocks[offset : offset + 16], "big")
        blocks[offset : offset + 16] = (old ^ delta).to_bytes(16, "big")
    return bytes(blocks)


def _multiply(x: int, y: int) -> int:
    """Multiply in GF(2^128) with GCM's bit order."""
    result = 0
    for bit in range(127, -1, -1):
        if (x >> bit) & 1:
            result ^= y
        y = (y >> 1) ^ (0xE1 << 120 if y & 1 else 0)
    return result

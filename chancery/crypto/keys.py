"""Encryption key pairs, their raw bytes, and key ids.

A public key travels as the raw bytes of its key encapsulation, and its id is a hash of them, so that a key cannot be
exchanged under its own id.  A private key prints nothing about itself and cannot be pickled: it leaves the object only
through ``private_bytes``, which a reviewer can search for.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chancery.crypto.labels import KEY_ID
from chancery.crypto.suites import MLKEM768_X25519, P256, X25519, Kem, kem_named
from chancery.errors import InvalidObject
from chancery.texts import message

_LibraryPublic: TypeAlias = hpke.MLKEM768X25519PublicKey | ec.EllipticCurvePublicKey | x25519.X25519PublicKey
_LibraryPrivate: TypeAlias = hpke.MLKEM768X25519PrivateKey | ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey

_MLKEM_PUBLIC = 1184
_MLKEM_SEED = 64
_PROBE = x25519.X25519PrivateKey.generate()
"""Agrees with nobody: its secrets are thrown away."""


def key_id(public: bytes) -> bytes:
    """Return the 32-byte id of a raw public key."""
    return hashlib.sha256(KEY_ID + public).digest()


@dataclass(frozen=True, slots=True)
class EncryptionPublicKey:
    """The public half of a tenant or device key; sealing to it needs nothing else."""

    kem: Kem
    raw: bytes
    key_id: bytes = field(init=False, repr=False, compare=False)
    library: _LibraryPublic = field(init=False, repr=False, compare=False)
    """The parsed key of the library, kept because parsing costs more than many operations."""

    def __post_init__(self) -> None:
        """Parse the bytes once; bytes that are no key of this type are refused here, not at first use."""
        if len(self.raw) != self.kem.public_size:
            raise InvalidObject(
                message(
                    "A {name} public key has {size} bytes, not {found}.",
                    name=self.kem.name,
                    size=self.kem.public_size,
                    found=len(self.raw),
                )
            )
        try:
            library = _load_public(self.kem, self.raw)
            _refuse_small_order(self.kem, self.raw)
        except ValueError:
            raise InvalidObject(message("These bytes are not a {name} public key.", name=self.kem.name)) from None
        object.__setattr__(self, "library", library)
        object.__setattr__(self, "key_id", key_id(self.raw))

    @classmethod
    def named(cls, kem: str, raw: bytes) -> "EncryptionPublicKey":
        """Build the key from the name of its key encapsulation, as certificates carry it."""
        return cls(kem_named(kem), raw)


class EncryptionPrivateKey:
    """The private half of a tenant or device key, held in memory."""

    __slots__ = ("_library", "_private", "public")

    def __init__(self, kem: Kem, private: bytes) -> None:
        """Load the raw private bytes of this key encapsulation (see ``suites.py`` for their layout)."""
        if len(private) != kem.private_size:
            raise InvalidObject(
                message(
                    "A {name} private key has {size} bytes, not {found}.",
                    name=kem.name,
                    size=kem.private_size,
                    found=len(private),
                )
            )
        try:
            self._library = _load_private(kem, private)
        except ValueError:
            raise InvalidObject(message("These bytes are not a {name} private key.", name=kem.name)) from None
        self._private = bytes(private)
        self.public = EncryptionPublicKey(kem, _public_bytes(kem, private, self._library))

    @classmethod
    def generate(cls, kem: Kem) -> "EncryptionPrivateKey":
        """Make a fresh key from the system's randomness."""
        if kem is P256:
            scalar = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
            return cls(kem, scalar.to_bytes(32, "big"))
        return cls(kem, secrets.token_bytes(kem.private_size))

    @property
    def kem(self) -> Kem:
        """The key encapsulation this key belongs to."""
        return self.public.kem

    @property
    def key_id(self) -> bytes:
        """The id of the public half."""
        return self.public.key_id

    def private_bytes(self) -> bytes:
        """Return the secret itself; callers seal or wrap it before it goes anywhere."""
        return self._private

    def hpke_open(self, blob: bytes, info: bytes) -> bytes:
        """Open a single-shot HPKE message; ``envelope.unseal`` is the caller, nothing else should be."""
        return self.kem.hpke.decrypt(blob, self._library, info)

    def agree(self, peer: bytes) -> bytes:
        """Return the raw Diffie-Hellman secret with a peer's public bytes, as a hardware token would."""
        if isinstance(self._library, ec.EllipticCurvePrivateKey):
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), peer)
            return self._library.exchange(ec.ECDH(), point)
        raise InvalidObject(message("A {name} key offers no plain key agreement.", name=self.kem.name))

    def __repr__(self) -> str:
        """Name the key, never its secret."""
        return f"<EncryptionPrivateKey {self.kem.name} {self.key_id.hex()[:16]}>"

    def __reduce__(self) -> NoReturn:
        """Refuse pickling: a secret must not slip into a queue, a cache or a traceback store."""
        raise TypeError("Private keys cannot be pickled; wrap private_bytes() instead.")


def _load_public(kem: Kem, raw: bytes) -> _LibraryPublic:
    """Parse raw public bytes whose length was checked."""
    if kem is MLKEM768_X25519:
        return hpke.MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC]),
            x25519.X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC:]),
        )
    if kem is X25519:
        return x25519.X25519PublicKey.from_public_bytes(raw)
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)


def _refuse_small_order(kem: Kem, raw: bytes) -> None:
    """Raise ValueError for an X25519 point with which every agreement gives zero (RFC 7748 §6.1).

    Sealing to one fails only when a license is made, after the opening was recorded.  One agreement finds all of them,
    because the library refuses a shared secret of zero.
    """
    if kem is X25519:
        _PROBE.exchange(x25519.X25519PublicKey.from_public_bytes(raw))
    elif kem is MLKEM768_X25519:
        _PROBE.exchange(x25519.X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC:]))


def _load_private(kem: Kem, private: bytes) -> _LibraryPrivate:
    """Parse raw private bytes whose length was checked."""
    if kem is MLKEM768_X25519:
        return hpke.MLKEM768X25519PrivateKey(
            mlkem.MLKEM768PrivateKey.from_seed_bytes(private[:_MLKEM_SEED]),
            x25519.X25519PrivateKey.from_private_bytes(private[_MLKEM_SEED:]),
        )
    if kem is X25519:
        return x25519.X25519PrivateKey.from_private_bytes(private)
    return ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())


def _public_bytes(kem: Kem, private: bytes, library: _LibraryPrivate) -> bytes:
    """Derive the raw public bytes; the library cannot export its hybrid pair, so its halves are exported."""
    if isinstance(library, ec.EllipticCurvePrivateKey):
        return library.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    if isinstance(library, x25519.X25519PrivateKey):
        return library.public_key().public_bytes_raw()
    lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(private[:_MLKEM_SEED])
    curve = x25519.X25519PrivateKey.from_private_bytes(private[_MLKEM_SEED:])
    return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()

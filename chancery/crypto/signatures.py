"""Signing keys: Ed25519 and ES256, both with 64-byte signatures in JOSE form.

``verify`` raises and returns nothing, so that no caller can forget to look at a result.  ES256 signatures are
malleable: where (r, s) verifies, so does r with the order of the group less s.  Here one message and one key have no
two spellings of the same signature: signing always takes the lower half, verifying refuses the upper one.  (Digests
never cover a signature, so even a library that accepts both stays safe.)
"""

from dataclasses import dataclass, field
from typing import Final, NoReturn, Protocol, TypeAlias

from cryptography.exceptions import InvalidSignature as LibraryInvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chancery.crypto.keys import key_id
from chancery.crypto.suites import ED25519, ES256, SignatureAlgorithm, signature_named
from chancery.errors import InvalidObject, InvalidSignature
from chancery.texts import message

P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_SMALL_ORDER: Final = frozenset(
    bytes.fromhex(y)
    for y in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)
"""The encodings, without the sign, of the Ed25519 points whose order divides eight (RFC 8032 §5.1; a test computes
it).  Under such a key one signature can be valid for many messages."""

_LibraryPublic: TypeAlias = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey
_LibraryPrivate: TypeAlias = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """The public half of a signing key; it knows its one algorithm, so a token cannot choose another."""

    algorithm: SignatureAlgorithm
    raw: bytes
    key_id: bytes = field(init=False, repr=False, compare=False)
    library: _LibraryPublic = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Parse the bytes once; bytes that are no key of this algorithm are refused here."""
        if len(self.raw) != self.algorithm.public_size:
            raise InvalidObject(
                message(
                    "A {name} public key has {size} bytes.",
                    name=self.algorithm.name,
                    size=self.algorithm.public_size,
                )
            )
        try:
            library = _load_public(self.algorithm, self.raw)
        except ValueError:
            raise InvalidObject(message("These bytes are not a {name} public key.", name=self.algorithm.name)) from None
        object.__setattr__(self, "library", library)
        object.__setattr__(self, "key_id", key_id(self.raw))

    @classmethod
    def named(cls, algorithm: str, raw: bytes) -> "VerifyKey":
        """Build the key from the JOSE name of its algorithm, as certificates carry it."""
        return cls(signature_named(algorithm), raw)

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise ``InvalidSignature`` unless this key signed exactly this message."""
        if len(signature) != self.algorithm.signature_size:
            raise InvalidSignature(message("The signature has the wrong length."))
        try:
            if isinstance(self.library, ed25519.Ed25519PublicKey):
                self.library.verify(signature, data)
            else:
                self.library.verify(_der_of(signature), data, ec.ECDSA(hashes.SHA256()))
        except LibraryInvalidSignature:
            raise InvalidSignature(message("The signature does not verify.")) from None


class Signer(Protocol):
    """Whatever can sign: a key in memory, or a key store that keeps the private half to itself."""

    @property
    def verify_key(self) -> VerifyKey:
        """The public half."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the signature in JOSE form; pass ECDSA results of foreign stores through ``low_s``."""
        ...


class SigningKey:
    """A signing key held in memory."""

    __slots__ = ("_library", "_private", "verify_key")

    def __init__(self, algorithm: SignatureAlgorithm, private: bytes) -> None:
        """Load 32 raw private bytes: the Ed25519 seed or the big-endian P-256 scalar."""
        if len(private) != algorithm.private_size:
            raise InvalidObject(
                message(
                    "A {name} private key has {size} bytes.",
                    name=algorithm.name,
                    size=algorithm.private_size,
                )
            )
        try:
            self._library = _load_private(algorithm, private)
        except ValueError:
            raise InvalidObject(message("These bytes are not a {name} private key.", name=algorithm.name)) from None
        self._private = bytes(private)
        self.verify_key = VerifyKey(algorithm, _public_bytes(self._library))

    @classmethod
    def generate(cls, algorithm: SignatureAlgorithm) -> "SigningKey":
        """Make a fresh key from the system's randomness."""
        if algorithm is ED25519:
            return cls(algorithm, ed25519.Ed25519PrivateKey.generate().private_bytes_raw())
        scalar = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        return cls(algorithm, scalar.to_bytes(32, "big"))

    @property
    def key_id(self) -> bytes:
        """The id of the public half."""
        return self.verify_key.key_id

    def private_bytes(self) -> bytes:
        """Return the secret itself; callers seal or wrap it before it goes anywhere."""
        return self._private

    def sign(self, data: bytes) -> bytes:
        """Sign; both algorithms are deterministic here, so that a weak random source cannot leak the key."""
        if isinstance(self._library, ed25519.Ed25519PrivateKey):
            return self._library.sign(data)
        der = self._library.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(der)
        return low_s(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def __repr__(self) -> str:
        """Name the key, never its secret."""
        return f"<SigningKey {self.verify_key.algorithm.name} {self.key_id.hex()[:16]}>"

    def __reduce__(self) -> NoReturn:
        """Refuse pickling: a secret must not slip into a queue, a cache or a traceback store."""
        raise TypeError("Private keys cannot be pickled; wrap private_bytes() instead.")


def low_s(signature: bytes) -> bytes:
    """Bring an r‖s signature into its one accepted form; hardware tokens return either half."""
    s = int.from_bytes(signature[32:], "big")
    return signature if s <= P256_ORDER // 2 else signature[:32] + (P256_ORDER - s).to_bytes(32, "big")


def _der_of(signature: bytes) -> bytes:
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (0 < r < P256_ORDER and 0 < s <= P256_ORDER // 2):
        raise InvalidSignature(message("The signature is not in its one accepted form."))
    return encode_dss_signature(r, s)


def _load_public(algorithm: SignatureAlgorithm, raw: bytes) -> _LibraryPublic:
    if algorithm is ES256:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    if bytes((*raw[:-1], raw[-1] & 0x7F)) in _SMALL_ORDER:
        raise ValueError("a point of small order verifies signatures that no private key made")
    return ed25519.Ed25519PublicKey.from_public_bytes(raw)


def _load_private(algorithm: SignatureAlgorithm, private: bytes) -> _LibraryPrivate:
    if algorithm is ES256:
        return ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.from_private_bytes(private)


def _public_bytes(library: _LibraryPrivate) -> bytes:
    if isinstance(library, ed25519.Ed25519PrivateKey):
        return library.public_key().public_bytes_raw()
    return library.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

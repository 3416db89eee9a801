"""The registry in which one name fixes every algorithm (docs/protocol.md P7).

A *suite* is named in a publishing license and fixes the key encapsulation of the tenant key, the key derivation, the
cipher and the signature algorithm.  Nothing negotiates: a reader knows the name or refuses the file.  Bodies are always
Cobblestone-256 and hashes SHA-256, so neither is part of a suite.

A device states its own key encapsulation at enrollment, because not every browser can hold the key type of the default
suite (WebCrypto may lack ML-KEM); therefore the *key encapsulation* has a registry of its own.

More are possible: ``fips-pq`` is one more line in each table (ML-KEM-1024 with P-384, ES384).  ``rsa`` needs a key
encapsulation whose opener asks the store for ``rsa_decrypt`` (see ``store.py``).  A name is never given other
algorithms; a new draft of a primitive is a new name, and the vectors fail when a library changes its meaning.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives import hpke

from chancery.errors import UnknownSuite
from chancery.texts import message


@dataclass(frozen=True, slots=True)
class Kem:
    """A way to seal to a public key: HPKE with this KEM, HKDF-SHA256 and AES-256-GCM, single shot."""

    name: str
    kem_id: int
    """The number in the HPKE registry, which enters the key schedule."""
    public_size: int
    private_size: int
    encapsulated_size: int
    post_quantum: bool
    hpke: hpke.Suite

    @property
    def overhead(self) -> int:
        """How many bytes a sealed blob is longer than its plaintext (encapsulated key and GCM tag)."""
        return self.encapsulated_size + 16

    def is_as_strong_as(self, other: "Kem") -> bool:
        """Tell whether what is sealed to this one resists whatever the other one resists (docs/protocol.md P7).

        All of them have at least the strength of 128 bits, so only a quantum computer makes a difference.
        """
        return self.post_quantum or not other.post_quantum


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """A signature algorithm under its JOSE name; signatures of both known algorithms are 64 bytes."""

    name: str
    public_size: int
    private_size: int
    signature_size: int


@dataclass(frozen=True, slots=True)
class Suite:
    """Every algorithm that a suite name stands for."""

    name: str
    kem: Kem
    """Of the tenant key, and of device keys other than browsers'."""
    signature: SignatureAlgorithm


def _hpke(kem: hpke.KEM) -> hpke.Suite:
    return hpke.Suite(kem, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


MLKEM768_X25519: Final = Kem(
    "mlkem768-x25519", 0x647A, 1184 + 32, 64 + 32, 1088 + 32, True, _hpke(hpke.KEM.MLKEM768_X25519)
)
"""X-Wing.  Public key: ML-KEM, then X25519.  Private key: the 64-byte ML-KEM seed, then the X25519 scalar."""
P256: Final = Kem("p256", 0x0010, 65, 32, 65, False, _hpke(hpke.KEM.P256))
"""DHKEM(P-256).  Public key: uncompressed point.  Private key: big-endian scalar."""
X25519: Final = Kem("x25519", 0x0020, 32, 32, 32, False, _hpke(hpke.KEM.X25519))
"""DHKEM(X25519), for the device keys of browsers only; no suite seals a document to it."""

ED25519: Final = SignatureAlgorithm("EdDSA", 32, 32, 64)
"""Ed25519 under the JOSE name that libraries know (RFC 8037); no other curve is accepted under it."""
ES256: Final = SignatureAlgorithm("ES256", 65, 32, 64)
"""ECDSA with P-256 and SHA-256; signatures are r‖s with s in the lower half of the group order."""

HYBRID: Final = Suite("hybrid", MLKEM768_X25519, ED25519)
P256_SUITE: Final = Suite("p256", P256, ES256)

SUITES: Final = MappingProxyType({suite.name: suite for suite in (HYBRID, P256_SUITE)})
KEMS: Final = MappingProxyType({kem.name: kem for kem in (MLKEM768_X25519, P256, X25519)})
SIGNATURE_ALGORITHMS: Final = MappingProxyType({algorithm.name: algorithm for algorithm in (ED25519, ES256)})


def suite_named(name: str) -> Suite:
    """Return the suite of this name, or refuse: an unknown suite is never guessed at."""
    try:
        return SUITES[name]
    except KeyError:
        raise UnknownSuite(message("This version does not know the suite {name!r}.", name=name[:40])) from None


def kem_named(name: str) -> Kem:
    """Return the key encapsulation of this name, or refuse."""
    try:
        return KEMS[name]
    except KeyError:
        raise UnknownSuite(
            message("This version does not know the key encapsulation {name!r}.", name=name[:40])
        ) from None


def signature_named(name: str) -> SignatureAlgorithm:
    """Return the signature algorithm of this JOSE name, or refuse."""
    try:
        return SIGNATURE_ALGORITHMS[name]
    except KeyError:
        raise UnknownSuite(
            message("This version does not know the signature algorithm {name!r}.", name=name[:40])
        ) from None

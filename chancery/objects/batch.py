"""A batch of use licenses: one signed object, one sealed blob for all content keys (docs/protocol.md P9).

A seal for each item would cost more than everything else together.  The client stores each license apart under a key
of its own and drops the blob.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from chancery.crypto import bindings
from chancery.crypto.envelope import seal, unseal
from chancery.crypto.keys import EncryptionPublicKey
from chancery.crypto.signatures import Signer
from chancery.crypto.store import KeyStore
from chancery.errors import InvalidObject, WrongBinding
from chancery.objects import jws, limits
from chancery.objects.claims import HASH, VERSION, Claims
from chancery.objects.jws import Kind, b64
from chancery.objects.strict_json import JSON
from chancery.objects.trust import Chain
from chancery.objects.use import Common, UseLicense, common_members, read_license, result_members
from chancery.texts import message

MAX_RESULTS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One refused item; ``details`` (reason in words, contact, what would satisfy a condition) are for showing."""

    pl: bytes
    jti: UUID
    reason: str
    details: Mapping[str, JSON]


BatchResult: TypeAlias = UseLicense | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class UseLicenseBatch:
    """Licenses and refusals in the order of the request; ``keys`` seals the content keys of the licenses, in order."""

    jti: UUID
    common: Common
    results: tuple[BatchResult, ...]
    keys: bytes

    def sign(self, signer: Signer) -> str:
        """Sign with the issuing key."""
        if any(isinstance(result, UseLicense) and _common_of(result) != self.common for result in self.results):
            raise InvalidObject(message("The licenses of a batch share issuer, organization, person, device and time."))
        claims: dict[str, JSON] = {
            "v": VERSION,
            "jti": str(self.jti),
            **common_members(self.common),
            "results": [_write_result(result) for result in self.results],
            "keys": b64(self.keys),
        }
        return jws.sign(Kind.USE_BATCH, claims, signer)

    @classmethod
    def verify(cls, token: str, *, chain: Chain, sub: UUID, dev: UUID) -> "UseLicenseBatch":
        """Check in this order: chain and organization, person, device."""
        unverified = jws.parse(token, Kind.USE_BATCH)
        claims = Claims(unverified.claims, message("batch of use licenses"))
        common = Common.read(claims)
        batch = cls(
            jti=claims.uuid("jti"),
            common=common,
            results=tuple(_read_result(inner, common) for inner in claims.inners("results", items=MAX_RESULTS)),
            keys=claims.blob("keys", limit=limits.BATCH_KEYS),
        )
        claims.done()
        chain.verify(unverified, org=common.org, at=common.iat)
        if common.sub != sub or common.dev != dev:
            raise WrongBinding(message("The batch was issued to another person or for another device."))
        return batch

    @property
    def licenses(self) -> tuple[UseLicense, ...]:
        """The granted items, in order."""
        return tuple(result for result in self.results if isinstance(result, UseLicense))

    def content_keys(self, store: KeyStore, kid: bytes) -> list[tuple[UseLicense, bytes]]:
        """Unseal the blob and return each license with its content key; a wrong count is refused."""
        info = bindings.ul_batch(org=self.common.org, dev=self.common.dev, jti=self.jti)
        keys = _split(unseal(store, kid, self.keys, info))
        if len(keys) != len(self.licenses):
            raise InvalidObject(message("The batch does not hold one key for each license."))
        return list(zip(self.licenses, keys, strict=True))


def seal_batch_keys(
    public: EncryptionPublicKey, content_keys: Sequence[bytes], *, org: UUID, dev: UUID, jti: UUID
) -> bytes:
    """Seal the content keys of a batch's licenses to the device, in their order."""
    plaintext = b"".join(len(key).to_bytes(2, "big") + key for key in content_keys)
    return seal(public, plaintext, bindings.ul_batch(org=org, dev=dev, jti=jti))


def _split(data: bytes) -> list[bytes]:
    keys: list[bytes] = []
    while data:
        length = int.from_bytes(data[:2], "big")
        if length == 0 or len(data) < 2 + length:
            raise InvalidObject(message("The keys of the batch are cut."))
        keys.append(data[2 : 2 + length])
        data = data[2 + length :]
    return keys


def _common_of(license_: UseLicense) -> Common:
    return Common(iss=license_.iss, org=license_.org, sub=license_.sub, dev=license_.dev, iat=license_.iat)


def _write_result(result: BatchResult) -> JSON:
    if isinstance(result, UseLicense):
        return {"license": result_members(result, with_key=False)}
    refusal: dict[str, JSON] = {
        "pl": b64(result.pl),
        "jti": str(result.jti),
        "reason": result.reason,
        "details": dict(result.details),
    }
    return {"refusal": refusal}


def _read_result(claims: Claims, common: Common) -> BatchResult:
    result: BatchResult
    if claims.has("license"):
        inner = claims.inner("license")
        result = read_license(inner, common, with_key=False)
    else:
        inner = claims.inner("refusal")
        result = Refusal(
            pl=inner.blob("pl", size=HASH),
            jti=inner.uuid("jti"),
            reason=inner.text("reason", 64),
            details=inner.mapping("details"),
        )
    inner.done()
    claims.done()
    return result

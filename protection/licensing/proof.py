"""The device proof: this request comes from this device, now, with this token and this body (PROTOCOL P13).

The claims are those of DPoP (RFC 9449) and ``bh``, the hash of the body.  Unlike DPoP the proof brings no key: the
service knows the device and uses the key of its row.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from protection.crypto.signatures import Signer, VerifyKey
from protection.errors import Expired, InvalidObject, UntrustedKey, WrongBinding
from protection.licensing import jws
from protection.licensing.claims import HASH, VERSION, Claims
from protection.licensing.jws import Kind, b64, unb64
from protection.licensing.strict_json import JSON

WINDOW: Final = 5 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a proof is about; ``url`` has neither query nor fragment."""

    method: str
    url: str
    token: str
    body: bytes

    @property
    def ath(self) -> bytes:
        """The hash of the access token."""
        return hashlib.sha256(self.token.encode()).digest()

    @property
    def bh(self) -> bytes:
        """The hash of the body; of nothing, if there is none."""
        return hashlib.sha256(self.body).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceProof:
    """A verified proof; ``jti`` lets the service notice a repeated one where repeating would matter."""

    jti: UUID
    iat: int

    @classmethod
    def verify(cls, token: str, *, key: VerifyKey, request: Request, now: int) -> "DeviceProof":
        """Check in this order: key of the device, signature, request, time."""
        unverified = jws.parse(token, Kind.PROOF)
        if unverified.header["kid"] != b64(key.key_id):
            raise UntrustedKey("The proof is not made with the key of this device.")
        unverified.verify(key)
        return _read(unverified.claims, request, now)


def sign_proof(request: Request, *, signer: Signer, jti: UUID, iat: int) -> str:
    """Make the proof for one request with the device key."""
    claims: dict[str, JSON] = {
        "v": VERSION,
        "jti": str(jti),
        "htm": request.method,
        "htu": request.url,
        "iat": iat,
        "ath": b64(request.ath),
        "bh": b64(request.bh),
    }
    return jws.sign(Kind.PROOF, claims, signer)


def proof_key_id(token: str) -> bytes:
    """Return the id of the device key a proof names, to look up the device; proves nothing."""
    return unb64(jws.parse(token, Kind.PROOF).header["kid"])


def _read(members: Mapping[str, JSON], request: Request, now: int) -> DeviceProof:
    claims = Claims(members, "device proof")
    proof = DeviceProof(jti=claims.uuid("jti"), iat=claims.integer("iat"))
    method, url = claims.text("htm", 16), claims.text("htu", 4096)
    ath, bh = claims.blob("ath", size=HASH), claims.blob("bh", size=HASH)
    claims.done()
    if "?" in request.url or "#" in request.url:
        raise InvalidObject("The address of a proof has neither query nor fragment.")
    if (method, url, ath, bh) != (request.method, request.url, request.ath, request.bh):
        raise WrongBinding("The proof was made for another request.")
    if abs(now - proof.iat) > WINDOW:
        raise Expired("The proof is not from the last five minutes; check the clock of this device.")
    return proof

"""The device proof: this request comes from this device, now, with this token and this body (docs/protocol.md P13).

The claims are those of DPoP (RFC 9449) and ``bh``, the hash of the body.  Unlike DPoP the proof brings no key: the
service knows the device and uses the key of its row.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote
from uuid import UUID

from chancery.crypto.signatures import Signer, VerifyKey
from chancery.errors import Expired, InvalidObject, UntrustedKey, WrongBinding
from chancery.objects import jws
from chancery.objects.claims import HASH, VERSION, Claims
from chancery.objects.jws import Kind, Unverified, b64, unb64
from chancery.objects.strict_json import JSON
from chancery.texts import message

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


@dataclass(frozen=True, slots=True)
class DeviceProof:
    """A proof as it arrived: it names a device key, and proves nothing before ``verify``."""

    key_id: bytes
    unverified: Unverified

    @classmethod
    def parse(cls, token: str) -> "DeviceProof":
        """Read a proof to look up its device."""
        unverified = jws.parse(token, Kind.PROOF)
        return cls(unb64(unverified.header["kid"]), unverified)

    @property
    def jti(self) -> UUID:
        """The proof's own id, by which a second use of it is noticed; true after ``verify``."""
        return Claims(self.unverified.claims, message("device proof")).uuid("jti")

    def verify(self, *, key: VerifyKey, request: Request, now: int) -> None:
        """Check in this order: key of the device, signature, request, time."""
        if self.key_id != key.key_id:
            raise UntrustedKey(message("The proof is not made with the key of this device."))
        self.unverified.verify(key)
        _check(self.unverified.claims, request, now)


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


def _check(members: Mapping[str, JSON], request: Request, now: int) -> None:
    claims = Claims(members, message("device proof"))
    claims.uuid("jti")
    iat = claims.moment("iat")
    method, url = claims.text("htm", 16), claims.text("htu", 4096)
    ath, bh = claims.blob("ath", size=HASH), claims.blob("bh", size=HASH)
    claims.done()
    if "?" in request.url or "#" in request.url:
        raise InvalidObject(message("The address of a proof has neither query nor fragment."))
    stated = (method, unquote(url), ath, bh)
    if stated != (request.method, unquote(request.url), request.ath, request.bh):
        raise WrongBinding(message("The proof was made for another request."))
    if abs(now - iat) > WINDOW:
        raise Expired(message("The proof is not from the last five minutes; check the clock of this device."))

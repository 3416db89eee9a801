"""The client licensor certificate (CLC): this device may publish for this person against these tenant keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from chancery.crypto.signatures import Signer, VerifyKey
from chancery.errors import InvalidObject
from chancery.objects import jws
from chancery.objects.claims import HASH, VERSION, Claims, write_verify_key
from chancery.objects.jws import Kind, b64
from chancery.objects.strict_json import JSON
from chancery.objects.trust import Chain
from chancery.texts import message

LIFETIME: Final = 31 * 24 * 3600


class May(StrEnum):
    """What a publisher may do beyond publishing by template for themselves."""

    AD_HOC = "ad_hoc"
    OWNER_OTHER = "owner_other"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicensorCertificate:
    """Who publishes from which device key, to which tenant keys, and when."""

    org: UUID
    jti: UUID
    sub: UUID
    dev: UUID
    key: VerifyKey
    """The device signing key."""
    kids: tuple[bytes, ...]
    """The tenant keys that may be sealed to."""
    may: frozenset[May]
    nbf: int
    """Also the time of issue, which the signer's delegation must cover."""
    exp: int

    def sign(self, signer: Signer) -> str:
        """Sign with the issuing key."""
        claims: dict[str, JSON] = {
            "v": VERSION,
            "org": str(self.org),
            "jti": str(self.jti),
            "sub": str(self.sub),
            "dev": str(self.dev),
            "key": write_verify_key(self.key),
            "kids": [b64(kid) for kid in self.kids],
            "may": [may.value for may in sorted(self.may)],
            "nbf": self.nbf,
            "exp": self.exp,
        }
        return jws.sign(Kind.LICENSOR, claims, signer)

    @classmethod
    def verify(cls, token: str, *, chain: Chain) -> "LicensorCertificate":
        """Check chain and organization; ask ``covers`` about the time of whatever the certificate vouches for."""
        unverified = jws.parse(token, Kind.LICENSOR)
        certificate = cls._read(unverified.claims)
        chain.verify(unverified, org=certificate.org, at=certificate.nbf)
        if not certificate.nbf < certificate.exp <= certificate.nbf + LIFETIME:
            raise InvalidObject(message("The certificate is valid for longer than 31 days."))
        return certificate

    def covers(self, at: int) -> bool:
        """Tell whether a moment lies in the life of the certificate."""
        return self.nbf <= at <= self.exp

    @classmethod
    def _read(cls, members: Mapping[str, JSON]) -> "LicensorCertificate":
        claims = Claims(members, message("licensor certificate"))
        try:
            may = frozenset(May(name) for name in claims.texts("may"))
        except ValueError:
            raise InvalidObject(message("The certificate grants something that this program does not know.")) from None
        certificate = cls(
            org=claims.uuid("org"),
            jti=claims.uuid("jti"),
            sub=claims.uuid("sub"),
            dev=claims.uuid("dev"),
            key=claims.verify_key("key"),
            kids=claims.blobs("kids", size=HASH),
            may=may,
            nbf=claims.moment("nbf"),
            exp=claims.moment("exp"),
        )
        claims.done()
        return certificate

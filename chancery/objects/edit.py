"""The edit certificate: this device may seal new editions of one document; it comes with a license that has EDIT."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from chancery.crypto.signatures import Signer, VerifyKey
from chancery.errors import WrongBinding
from chancery.objects import jws
from chancery.objects.claims import HASH, VERSION, Claims, write_verify_key
from chancery.objects.jws import Kind, b64
from chancery.objects.strict_json import JSON
from chancery.objects.trust import Chain
from chancery.texts import message


@dataclass(frozen=True, slots=True, kw_only=True)
class EditCertificate:
    """Who may edit which document from which device key, and when."""

    org: UUID
    cid: UUID
    pl: bytes
    sub: UUID
    dev: UUID
    key: VerifyKey
    rev: int
    iat: int
    exp: int

    def sign(self, signer: Signer) -> str:
        """Sign with the issuing key."""
        claims: dict[str, JSON] = {
            "v": VERSION,
            "org": str(self.org),
            "cid": str(self.cid),
            "pl": b64(self.pl),
            "sub": str(self.sub),
            "dev": str(self.dev),
            "key": write_verify_key(self.key),
            "rev": self.rev,
            "iat": self.iat,
            "exp": self.exp,
        }
        return jws.sign(Kind.EDIT, claims, signer)

    @classmethod
    def verify(cls, token: str, *, chain: Chain, pl: bytes) -> "EditCertificate":
        """Check chain, then the digest of the publishing license; its key is the only one that may sign the seal."""
        unverified = jws.parse(token, Kind.EDIT)
        certificate = cls._read(unverified.claims)
        chain.verify(unverified, org=certificate.org, at=certificate.iat)
        if certificate.pl != pl:
            raise WrongBinding(message("The edit certificate was made for another document."))
        return certificate

    def covers(self, at: int) -> bool:
        """Tell whether a moment lies in the life of the certificate."""
        return self.iat <= at <= self.exp

    @classmethod
    def _read(cls, members: Mapping[str, JSON]) -> "EditCertificate":
        claims = Claims(members, message("edit certificate"))
        certificate = cls(
            org=claims.uuid("org"),
            cid=claims.uuid("cid"),
            pl=claims.blob("pl", size=HASH),
            sub=claims.uuid("sub"),
            dev=claims.uuid("dev"),
            key=claims.verify_key("key"),
            rev=claims.count("rev"),
            iat=claims.moment("iat"),
            exp=claims.moment("exp"),
        )
        claims.done()
        return certificate

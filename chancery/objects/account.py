"""The rights account certificate (RAC): this device belongs to this person, says the installation.

The server ignores the certificate and reads the device row; it is the proof a client shows itself while offline.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chancery.crypto.keys import EncryptionPublicKey
from chancery.crypto.signatures import Signer, VerifyKey
from chancery.errors import Expired, InvalidObject, UntrustedKey, WrongBinding
from chancery.objects import jws
from chancery.objects.claims import VERSION, Claims, write_encryption_key, write_verify_key
from chancery.objects.jws import Kind, b64
from chancery.objects.strict_json import JSON
from chancery.texts import message

LIFETIME: Final = 31 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCertificate:
    """One device of one person, with its two public keys."""

    iss: str
    jti: UUID
    sub: UUID
    dev: UUID
    signing_key: VerifyKey
    encryption_key: EncryptionPublicKey
    platform: str
    """Claimed by the client; shown as such, never a promise."""
    iat: int
    exp: int

    def sign(self, signer: Signer) -> str:
        """Sign with the installation key."""
        claims: dict[str, JSON] = {
            "v": VERSION,
            "iss": self.iss,
            "jti": str(self.jti),
            "sub": str(self.sub),
            "dev": str(self.dev),
            "sig": write_verify_key(self.signing_key),
            "enc": write_encryption_key(self.encryption_key),
            "platform": self.platform,
            "iat": self.iat,
            "exp": self.exp,
        }
        return jws.sign(Kind.ACCOUNT, claims, signer)

    @classmethod
    def verify(cls, token: str, *, pinned: VerifyKey, dev: UUID, now: int) -> "AccountCertificate":
        """Check, on the client, in this order: pinned key, own device, time."""
        unverified = jws.parse(token, Kind.ACCOUNT)
        if unverified.header["kid"] != b64(pinned.key_id):
            raise UntrustedKey(message("The certificate is not signed by the installation pinned at sign-in."))
        unverified.verify(pinned)
        certificate = cls._read(unverified.claims)
        if certificate.dev != dev:
            raise WrongBinding(message("The certificate belongs to another device."))
        if not certificate.iat < certificate.exp <= certificate.iat + LIFETIME:
            raise InvalidObject(message("The certificate is valid for longer than 31 days."))
        certificate.check_time(now)
        return certificate

    def check_time(self, now: int) -> None:
        """Raise unless the certificate is still valid."""
        if now >= self.exp:
            raise Expired(message("The certificate of this device has expired."))

    @classmethod
    def _read(cls, members: Mapping[str, JSON]) -> "AccountCertificate":
        claims = Claims(members, message("account certificate"))
        certificate = cls(
            iss=claims.text("iss"),
            jti=claims.uuid("jti"),
            sub=claims.uuid("sub"),
            dev=claims.uuid("dev"),
            signing_key=claims.verify_key("sig"),
            encryption_key=claims.encryption_key("enc"),
            platform=claims.text("platform", 64),
            iat=claims.moment("iat"),
            exp=claims.moment("exp"),
        )
        claims.done()
        return certificate

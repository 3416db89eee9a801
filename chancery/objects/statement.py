"""The organization statement: where an organization lives and which keys are its own, signed by the installation.

A client pins the installation key at login.  Files carry no address, so this statement is the only thing that tells a
client where requests may go (docs/protocol.md P13).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from chancery.crypto.keys import EncryptionPublicKey, key_id
from chancery.crypto.signatures import Signer, VerifyKey
from chancery.crypto.suites import SUITES, suite_named
from chancery.errors import Expired, InvalidObject, UntrustedKey, WrongBinding
from chancery.objects import jws
from chancery.objects.claims import VERSION, Claims, write_verify_key
from chancery.objects.jws import Kind, b64
from chancery.objects.strict_json import JSON
from chancery.texts import message

LIFETIME: Final = 24 * 3600
MAX_TENANT_KEYS: Final = 512


class KeyUse(StrEnum):
    """What a tenant key is for; one key never does both."""

    ENCRYPTION = "enc"
    SIGNATURE = "sig"


class KeyStatus(StrEnum):
    """The life of a tenant key; it only moves downward."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    COMPROMISED = "compromised"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class TenantKey:
    """The public half of one tenant key.

    The suite is kept as a name: an organization may already have a key of a suite that this program does not know, and
    its other keys stay usable.  The name is resolved, or refused, when the key is used.
    """

    use: KeyUse
    suite: str
    public: bytes
    status: KeyStatus

    @property
    def kid(self) -> bytes:
        """The id of the key."""
        return key_id(self.public)

    def encryption_key(self) -> EncryptionPublicKey:
        """Return the key to seal to, or refuse an unknown suite."""
        return EncryptionPublicKey(suite_named(self.suite).kem, self.public)

    def verify_key(self) -> VerifyKey:
        """Return the key that verifies delegations, or refuse an unknown suite."""
        return VerifyKey(suite_named(self.suite).signature, self.public)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationStatement:
    """What an installation says about one organization for one day."""

    iss: str
    aliases: tuple[str, ...]
    """Former names of a moved installation; files made under them are this installation's."""
    org: UUID
    name: str
    origins: tuple[str, ...]
    """The only places to which a client sends requests of this organization."""
    tenant_keys: tuple[TenantKey, ...]
    log_key: str
    """The verifier key of the ledger, in the form of C2SP signed notes."""
    iat: int
    exp: int
    successor: VerifyKey | None = None
    """A new installation key, announced under the old one."""

    def sign(self, signer: Signer) -> str:
        """Sign with the installation key."""
        claims: dict[str, JSON] = {
            "v": VERSION,
            "iss": self.iss,
            "aliases": list(self.aliases),
            "org": str(self.org),
            "name": self.name,
            "origins": list(self.origins),
            "tenant_keys": [_write_tenant_key(key) for key in self.tenant_keys],
            "log_key": self.log_key,
            "iat": self.iat,
            "exp": self.exp,
        }
        if self.successor is not None:
            claims["successor"] = write_verify_key(self.successor)
        return jws.sign(Kind.STATEMENT, claims, signer)

    @classmethod
    def verify(cls, token: str, *, pinned: VerifyKey, iss: str, now: int) -> "OrganizationStatement":
        """Check in this order: pinned key, issuer, time."""
        unverified = jws.parse(token, Kind.STATEMENT)
        if unverified.header["kid"] != b64(pinned.key_id):
            raise UntrustedKey(message("The statement is not signed by the installation pinned at sign-in."))
        unverified.verify(pinned)
        statement = cls._read(unverified.claims)
        if statement.iss != iss:
            raise WrongBinding(message("The statement names another installation."))
        if not statement.iat < statement.exp <= statement.iat + LIFETIME:
            raise InvalidObject(message("The statement is valid for longer than a day."))
        if now >= statement.exp:
            raise Expired(message("The statement has expired."))
        return statement

    @classmethod
    def _read(cls, members: Mapping[str, JSON]) -> "OrganizationStatement":
        claims = Claims(members, message("organization statement"))
        statement = cls(
            iss=claims.text("iss"),
            aliases=claims.texts("aliases"),
            org=claims.uuid("org"),
            name=claims.text("name", 200),
            origins=claims.texts("origins"),
            tenant_keys=tuple(_read_tenant_key(inner) for inner in claims.inners("tenant_keys", items=MAX_TENANT_KEYS)),
            log_key=claims.text("log_key"),
            iat=claims.moment("iat"),
            exp=claims.moment("exp"),
            successor=claims.verify_key("successor") if claims.has("successor") else None,
        )
        claims.done()
        return statement

    def names(self, iss: str) -> bool:
        """Tell whether a file's ``iss`` means this installation, under its present or a former name."""
        return iss == self.iss or iss in self.aliases

    def signing_keys(self) -> dict[bytes, VerifyKey]:
        """Return the keys whose delegations count, by id; a compromised key vouches for nothing, not even the past.

        A destroyed key was only made unusable, so what it delegated while it lived still verifies.
        """
        return {
            key.kid: key.verify_key()
            for key in self.tenant_keys
            if key.use is KeyUse.SIGNATURE and key.status is not KeyStatus.COMPROMISED and key.suite in SUITES
        }

    def compromised_signing_keys(self) -> frozenset[bytes]:
        """Return the ids of the signing keys that the organization has marked as compromised."""
        return frozenset(
            key.kid for key in self.tenant_keys if key.use is KeyUse.SIGNATURE and key.status is KeyStatus.COMPROMISED
        )

    def active_encryption_key(self, allowed: frozenset[bytes] | None = None) -> TenantKey:
        """Return the key new files are sealed to; ``allowed`` are the key ids of a publishing certificate."""
        for key in self.tenant_keys:
            usable = key.use is KeyUse.ENCRYPTION and key.status is KeyStatus.ACTIVE
            if usable and (allowed is None or key.kid in allowed):
                return key
        raise UntrustedKey(message("The organization has no active key that this certificate may publish to."))


def _write_tenant_key(key: TenantKey) -> JSON:
    return {
        "kid": b64(key.kid),
        "use": key.use.value,
        "suite": key.suite,
        "public": b64(key.public),
        "status": key.status.value,
    }


def _read_tenant_key(claims: Claims) -> TenantKey:
    try:
        use, status = KeyUse(claims.text("use", 16)), KeyStatus(claims.text("status", 16))
    except ValueError:
        raise InvalidObject(message("A tenant key has an unknown use or status.")) from None
    key = TenantKey(use, claims.text("suite", 32), claims.blob("public", limit=4096), status)
    if claims.blob("kid", size=32) != key.kid:
        raise InvalidObject(message("A tenant key does not have the id it claims."))
    claims.done()
    return key

"""The chain of trust, in one place: tenant signing key, delegation, issuing key, object.

A *tenant signing key* is listed in the organization statement and may live in hardware.  It signs nothing but
*delegations*, each of which lets one *issuing key* of the service sign named types of object for at most a day.  An
object counts if its issuing key was delegated for its type at the time the object names, by a tenant signing key that
is not marked compromised; delegations are kept or carried along, so an object verifies long after its day.

    chain = Chain.of(statement).learn(delegation_token)
    chain.verify(jws.parse(token, Kind.USE), org=..., at=...)
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chancery.crypto.signatures import Signer, VerifyKey
from chancery.errors import CompromisedKey, Expired, InvalidObject, UntrustedKey, WrongBinding
from chancery.objects import jws
from chancery.objects.claims import VERSION, Claims, write_verify_key
from chancery.objects.jws import Kind, Unverified, unb64
from chancery.objects.statement import OrganizationStatement
from chancery.objects.strict_json import JSON
from chancery.texts import message

MAX_LIFETIME: Final = 24 * 3600

ISSUED_KINDS: Final = frozenset({Kind.LICENSOR, Kind.PUBLISHING, Kind.USE, Kind.USE_BATCH, Kind.EDIT, Kind.FEED})
"""What an issuing key can be delegated for; never a delegation, so that a chain has no further links."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """One issuing key, the types it may sign, and when."""

    org: UUID
    key: VerifyKey
    uses: frozenset[Kind]
    nbf: int
    exp: int

    def sign(self, signer: Signer) -> str:
        """Sign with the tenant signing key."""
        claims: dict[str, JSON] = {
            "v": VERSION,
            "org": str(self.org),
            "key": write_verify_key(self.key),
            "uses": [kind.value for kind in sorted(self.uses)],
            "nbf": self.nbf,
            "exp": self.exp,
        }
        return jws.sign(Kind.DELEGATION, claims, signer)

    @classmethod
    def verify(
        cls, token: str, *, org: UUID, signers: Mapping[bytes, VerifyKey], compromised: Collection[bytes] = ()
    ) -> "Delegation":
        """Check in this order: signer among the organization's own keys, organization, uses, length of life.

        ``compromised`` are the ids of keys that the organization lists and does not trust any more.

        The clock plays no part: what counts is whether the delegation covers the time of the object it vouches for.
        """
        unverified = jws.parse(token, Kind.DELEGATION)
        kid = unb64(unverified.header["kid"])
        signer = signers.get(kid)
        if signer is None and kid in compromised:
            raise CompromisedKey(message("The organization has marked the key that vouches for this as compromised."))
        if signer is None:
            raise UntrustedKey(message("The delegation is not signed by a key of this organization."))
        unverified.verify(signer)
        delegation = cls._read(unverified.claims)
        if delegation.org != org:
            raise WrongBinding(message("The delegation was made for another organization."))
        if not delegation.uses <= ISSUED_KINDS:
            raise InvalidObject(message("The delegation covers a type that no issuing key may sign."))
        if not delegation.nbf < delegation.exp <= delegation.nbf + MAX_LIFETIME:
            raise InvalidObject(message("The delegation is valid for longer than a day."))
        return delegation

    @classmethod
    def _read(cls, members: Mapping[str, JSON]) -> "Delegation":
        claims = Claims(members, message("delegation"))
        try:
            uses = frozenset(Kind(use) for use in claims.texts("uses"))
        except ValueError:
            raise InvalidObject(message("The delegation covers a type that this program does not know.")) from None
        delegation = cls(
            org=claims.uuid("org"),
            key=claims.verify_key("key"),
            uses=uses,
            nbf=claims.moment("nbf"),
            exp=claims.moment("exp"),
        )
        claims.done()
        return delegation


class Chain:
    """Everything a verifier believes about the keys of one organization; never changed, only extended to a new one."""

    __slots__ = ("_compromised", "_delegations", "_signers", "org")

    def __init__(
        self,
        org: UUID,
        signers: Mapping[bytes, VerifyKey],
        delegations: Iterable[Delegation] = (),
        *,
        compromised: Iterable[bytes] = (),
    ) -> None:
        """Trust these tenant signing keys, and delegations that were verified before (the service keeps its own).

        ``compromised`` are ids of keys that are known and not trusted any more: tenant signing keys, and on the service
        also the issuing keys that these let sign.
        """
        self.org = org
        self._signers = dict(signers)
        self._compromised = frozenset(compromised)
        self._delegations: dict[bytes, tuple[Delegation, ...]] = {}
        for delegation in delegations:
            if delegation.org != org:
                raise WrongBinding(message("The delegation was made for another organization."))
            known = self._delegations.get(delegation.key.key_id, ())
            self._delegations[delegation.key.key_id] = (*known, delegation)

    @classmethod
    def of(cls, statement: OrganizationStatement) -> "Chain":
        """Trust the signing keys that a verified organization statement lists."""
        return cls(statement.org, statement.signing_keys(), compromised=statement.compromised_signing_keys())

    def learn(self, delegation: str) -> "Chain":
        """Verify a delegation token and return the chain that includes it."""
        verified = Delegation.verify(delegation, org=self.org, signers=self._signers, compromised=self._compromised)
        return Chain(self.org, self._signers, (*self._all(), verified), compromised=self._compromised)

    def verify(self, unverified: Unverified, *, org: UUID, at: int) -> VerifyKey:
        """Check an object of an issuing key: organization, delegated type and time, signature.

        ``at`` is the time that the object itself names as its making.  Returns the issuing key.
        """
        if org != self.org:
            raise WrongBinding(message("The object belongs to another organization."))
        kid = unb64(unverified.header["kid"])
        candidates = self._delegations.get(kid, ())
        if not candidates and kid in self._compromised:
            raise CompromisedKey(message("The organization has marked the key that vouches for this as compromised."))
        fit = [delegation for delegation in candidates if unverified.kind in delegation.uses]
        if not fit:
            raise UntrustedKey(
                message(
                    "No key of this organization lets this signer make objects of type {kind}.", kind=unverified.kind
                )
            )
        for delegation in fit:
            if delegation.nbf <= at <= delegation.exp:
                unverified.verify(delegation.key)
                return delegation.key
        raise Expired(message("The object was made outside of its signer's delegation."))

    def _all(self) -> Iterable[Delegation]:
        return (delegation for known in self._delegations.values() for delegation in known)

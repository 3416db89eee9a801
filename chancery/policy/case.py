"""What a decision is made of and what comes of it: the case, and access allowed or denied (docs/protocol.md P19)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from chancery.names import domain_of
from chancery.policy.policy import Conditions, Policy, Principal
from chancery.policy.reasons import Reason
from chancery.policy.revocations import ScheduledRevocation
from chancery.policy.rights import Right
from chancery.policy.subject import Subject
from chancery.policy.unmet import Unmet


class Basis(StrEnum):
    """On which basis access was given."""

    SUPER_USER = "super_user"
    READ_PERMISSION = "read_permission"
    ISSUER = "issuer"
    OWNER = "owner"
    GRANT = "grant"


class Registration(StrEnum):
    """Whether the service believes the registration of a content (P5)."""

    REGISTERED = "registered"
    PENDING = "pending"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    """State of the organization whose key protects the content.  Days are whole days; 0 = a license per opening."""

    id: UUID
    active: bool = True
    service_active: bool = True
    key_available: bool = True
    platforms_off: frozenset[str] = frozenset()
    conditions: Conditions = field(default_factory=Conditions)
    max_license_days: int = 30


@dataclass(frozen=True, slots=True)
class PersonalGrant:
    """Rights that one person was given on one content beside its policy, for a time or without an end of their own.

    It is bound to the person from the beginning: they asked, so nobody has to be found by an address.
    """

    person: UUID
    address: str
    """The address they asked under: with the last address of its domain the grant ends."""
    rights: frozenset[Right]
    until: int | None = None

    def lasts(self, now: int) -> bool:
        """Tell whether it still gives something at a moment."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class ContentFacts:
    """State of the content as registered.  ``policy`` is None when its template is unknown, which denies."""

    cid: UUID
    issuer: UUID | None
    """Who protected it, as long as they have an owner's rights by that; None once it was handed over."""
    owner: UUID
    policy: Policy | None
    registration: Registration = Registration.REGISTERED
    revoked: bool = False
    revoked_ids: frozenset[UUID] = frozenset()
    """People and groups for whom alone the content is revoked."""
    revoked_addresses: frozenset[str] = frozenset()
    """The addresses that it covers, no matter whom they mean by now, and domains and organizations as entries."""
    scheduled: tuple[ScheduledRevocation, ...] = ()
    """What is to be revoked at a moment that was set."""
    issuer_blocked: bool = False
    first_opened: int | None = None
    """When the person who asks first opened it, in seconds since 1970; None before the first time."""
    bindings: Mapping[str, UUID] = field(default_factory=dict)
    """Address -> the person or group it meant when first resolved, so that a re-used address inherits nothing."""
    personal: tuple[PersonalGrant, ...] = ()
    since: Mapping[Principal, float] = field(default_factory=dict)
    """Entry -> since when the policy names it; known for addresses and domains that changed hands, where it counts."""

    def outlived(self, entry: Principal, subject: Subject) -> bool:
        """Tell whether an entry was made for a holder or a domain's owner of before, and nobody of them used it."""
        if entry.value in self.bindings or entry not in self.since:
            return False
        names = {entry.value, domain_of(entry.value)} & subject.handovers.keys()
        return any(self.since[entry] <= subject.handovers[name] for name in names)

    def keeps(self, address: str, subject: Subject) -> bool:
        """Tell whether the subject keeps what was given them under an address, though they may have another one now.

        They do while they belong to whom the address's domain belongs, unless it was somebody else's when they used it.
        """
        if address in subject.addresses:
            return True
        ended = subject.handovers.get(domain_of(address))
        used_since = ended is None or (self.first_opened is not None and self.first_opened > ended)
        return used_since and domain_of(address) in subject.own_domains

    def known_only_as(self, address: str, person: UUID) -> ContentFacts:
        """Return the content without what it holds for other addresses of somebody of whom just one is known.

        An opening binds every address of a person that the policy names; nobody learns that two are one person's
        (P20).  Access that was taken back from another address is left out for the same reason.
        """
        return replace(
            self,
            revoked_ids=self.revoked_ids if address in self.revoked_addresses else self.revoked_ids - {person},
            bindings={one: who for one, who in self.bindings.items() if one == address or who != person},
            personal=tuple(one for one in self.personal if one.address == address or one.person != person),
        )


@dataclass(frozen=True, slots=True)
class SuperUserGrant:
    """The grant that the request names; times in seconds since 1970."""

    id: UUID
    holder: UUID
    approver: UUID | None
    starts: int
    ends: int
    eligible: bool
    """Whether the holder may hold a grant still: super users are on, and this person is among them."""
    covers: bool
    """Whether this content of this organization lies in the grant's scope."""


@dataclass(frozen=True, slots=True)
class ReadPermission:
    """The read permission that the request of an application names; times in seconds since 1970 (P31)."""

    id: UUID
    holder: UUID
    asked_by: UUID
    approver: UUID | None
    starts: int
    ends: int
    covers: bool
    """Whether this content lies in the permission's scope."""
    for_person: bool
    """Whether it reads for people, by what the policy gives them, or everything in its scope by itself."""
    person: Subject | None = None
    """For whom it reads now, as the organization knows them (P20); None where the request names nobody included."""
    whole: Subject | None = None
    """The same person with all that they are elsewhere, by which they may be refused but are given nothing."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the request itself states.

    ``enforces`` are the rights that the program says it withholds from people who do not have them: a statement, which
    only honest programs keep (P23).
    """

    names_super_user_grant: bool = False
    super_user_grant: SuperUserGrant | None = None
    names_read_permission: bool = False
    read_permission: ReadPermission | None = None
    enforces: frozenset[Right] = frozenset()

    @property
    def names_something(self) -> bool:
        """Tell whether the request is to rest on a grant or permission instead of the person's own access."""
        return self.names_super_user_grant or self.names_read_permission


@dataclass(frozen=True, slots=True)
class Allow:
    """Access is given.

    ``expires`` and ``offline_until`` are seconds since 1970; a license with ``offline_until`` not after the time of
    issue must not be stored.  ``withheld`` is what the program must enforce.  ``matched`` are the entries that gave the
    rights, ``personal`` what gave them beside the policy; ``bindings`` are addresses resolved for the first time, which
    the caller stores.
    """

    rights: frozenset[Right]
    basis: Basis
    expires: int
    offline_until: int
    lease: int | None = None
    withheld: frozenset[Right] = frozenset()
    matched: tuple[Principal, ...] = ()
    bindings: tuple[tuple[str, UUID], ...] = ()
    personal: tuple[PersonalGrant, ...] = ()


@dataclass(frozen=True, slots=True)
class Deny:
    """Access is refused.  ``unmet`` is the condition that is not met; ``entry`` is for the owner only."""

    reason: Reason
    unmet: Unmet | None = None
    entry: Principal | None = None

    @property
    def detail(self) -> str:
        """What would satisfy the condition, "" where the refusal is for no condition."""
        return "" if self.unmet is None else self.unmet.text


Decision = Allow | Deny


@dataclass(frozen=True, slots=True)
class Case:
    """The inputs of one decision; ``now`` is the database's clock in seconds since 1970 (P26)."""

    organization: OrganizationFacts
    content: ContentFacts
    subject: Subject
    request: Request
    now: int

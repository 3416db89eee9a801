"""Who asks, as the decision sees it: a pure value that the portal builds from the directory.

Only *proven* addresses appear here (docs/protocol.md P12); an asserted one that nobody proved matches nothing and is
left out by the code that builds the subject.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from chancery.policy.policy import Strength


@dataclass(frozen=True, slots=True)
class Membership:
    """The person's place in one organization; a person may be member here and guest there."""

    organization: UUID
    guest: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A group that holds the person, directly or through other groups, of any organization.

    One that is not ``live`` gives nothing any more, an archived one above all; what is denied or revoked for it stays
    so (P19).  ``until`` is set for a group of another installation, in seconds since 1970: so long its word counts that
    the person is in it (docs/protocol.md P32).
    """

    id: UUID
    organization: UUID
    address: str
    live: bool = True
    until: int | None = None


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """The device row in its present state: it, not the certificate the client shows, decides on the server (P14)."""

    id: UUID
    platform: str
    post_quantum: bool
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """One person on one device in one request.

    ``active`` is false when the person is disabled, or when every organization they belong to is suspended.
    ``blocked`` is true while the organization asked keeps the person out, in person, by a mail domain or by an
    organization of theirs; nobody but that organization learns of it (P19).
    ``paused`` is true while the organization asked gives them no licenses because they opened too much (P29).
    ``outsider`` marks a person without an account who has proven an address by code, until ``session_ends`` in seconds
    since 1970 (P22).
    ``domains`` are the proven mail domains of the organizations they are a member (not a guest) of.
    """

    person: UUID
    addresses: frozenset[str] = frozenset()
    memberships: frozenset[Membership] = frozenset()
    groups: tuple[Group, ...] = ()
    domains: frozenset[str] = frozenset()
    device: DeviceFacts | None = None
    strength: Strength = Strength.PASSWORD
    active: bool = True
    blocked: bool = False
    paused: bool = False
    outsider: bool = False
    session_ends: int | None = None
    network: str = ""
    handovers: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Domains, of the addresses and groups, that an organization once spoke for and gave up, and addresses that another
    person lost, with the time of that: what was granted before is not for their present holders."""
    ids: frozenset[UUID] = field(init=False, repr=False, compare=False, default=frozenset())
    """The person and all groups that hold them: whom a denial or a revocation reaches."""
    live_ids: frozenset[UUID] = field(init=False, repr=False, compare=False, default=frozenset())
    """The person and the groups by which they are given something."""
    own_domains: frozenset[str] = field(init=False, repr=False, compare=False, default=frozenset())
    """The domains of the person's addresses and of the organizations they are a member of: what was granted under an
    address of another domain has ended."""

    def __post_init__(self) -> None:
        # Computed once: a policy may have thousands of bound entries, and each asks whether its id is among these.
        object.__setattr__(self, "ids", frozenset({self.person, *(group.id for group in self.groups)}))
        live = (group.id for group in self.groups if group.live)
        object.__setattr__(self, "live_ids", frozenset({self.person, *live}))
        domains = (address.rpartition("@")[2] for address in self.addresses)
        object.__setattr__(self, "own_domains", self.domains.union(domains))

    def is_member(self, organization: UUID) -> bool:
        """Tell whether the person belongs to the organization as a member, not as a guest."""
        return Membership(organization) in self.memberships

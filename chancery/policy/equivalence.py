"""Documents about which the same is decided, asked about together: what a preview is made of (``preview``)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from uuid import UUID

from chancery.names import domain_of
from chancery.policy.case import ContentFacts, PersonalGrant
from chancery.policy.policy import Principal, PrincipalKind
from chancery.policy.rights import Right
from chancery.policy.subject import Subject

Rights: TypeAlias = frozenset[Right]

NOBODY: Final = UUID(int=0)
NONE: Final[Rights] = frozenset()


@dataclass(frozen=True, slots=True)
class Someone:
    """One person as they are and as the change would make them; ``foreign`` people may be in groups unknown here.

    A ``stranger`` is nobody but an address: they are taken for the person whom a document has bound to it.
    """

    before: Subject
    after: Subject
    foreign: bool = False
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class Single:
    """What one document says of single people."""

    issuer: UUID = NOBODY
    owner: UUID = NOBODY
    issuer_blocked: bool = False
    revoked_ids: frozenset[UUID] = frozenset()
    revoked_addresses: frozenset[str] = frozenset()
    first_opened: frozenset[tuple[UUID, int]] = frozenset()
    """Who opened it first so long ago that an end counted from there may have come, and when."""
    personal: frozenset[PersonalGrant] = frozenset()
    """What people were given beside the policy."""


NOT_SINGLE: Final = Single()


@dataclass(frozen=True, slots=True)
class Effect:
    """What somebody may do with a document before and after; ``undecided`` when nobody here can say."""

    before: Rights = NONE
    after: Rights = NONE
    undecided: bool = False

    @property
    def gained(self) -> Rights:
        """The rights that come."""
        return self.after - self.before

    @property
    def lost(self) -> Rights:
        """The rights that go."""
        return self.before - self.after

    def __bool__(self) -> bool:
        return self.undecided or self.before != self.after


NOTHING: Final = Effect()


@dataclass(frozen=True, slots=True)
class Home:
    """Whom the asking organization knows: its proven domains, and addresses that are known to mean one person."""

    organization: UUID
    domains: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()

    def elsewhere(self, who: Principal) -> bool:
        """Tell whether an entry may mean people by another organization."""
        match who.kind:
            case PrincipalKind.ORGANIZATION:
                return who.value != str(self.organization)
            case PrincipalKind.DOMAIN:
                return who.value not in self.domains
            case PrincipalKind.ADDRESS:
                return who.value.rpartition("@")[2] not in self.domains and who.value not in self.people
            case PrincipalKind.AUTHENTICATED:
                return False


@dataclass(slots=True, eq=False)
class EquivalenceClass:
    """Documents about which the same would be decided for everybody they do not name singly.

    ``before`` and ``after`` say nothing of single people: that is in ``singles``, with how many documents say it.
    """

    before: ContentFacts
    after: ContentFacts
    key_available: bool = True
    singles: Counter[Single] = field(default_factory=Counter)
    names: frozenset[str] = field(init=False)
    """Addresses by which an entry can mean somebody."""
    ids: frozenset[UUID] = field(init=False)
    """People and groups that are bound to an address."""
    vouching: dict[UUID, frozenset[str]] = field(init=False)
    """The domains of the addresses to which somebody is bound: with the last address there, what was bound ends."""
    domains: frozenset[str] = field(init=False)
    organizations: frozenset[UUID] = field(init=False)
    timed: bool = field(init=False)
    """Whether the moment matters: a window opens or closes, or a grant ends."""
    known: dict[Any, Effect] = field(init=False, default_factory=dict)
    """Answers by all that they rest on."""

    def __post_init__(self) -> None:
        sides = (self.before, self.after)
        policies = [side.policy for side in sides if side.policy is not None]
        entries = {who for policy in policies for who in (*policy.index, *policy.deny)}
        bound = [side.bindings for side in sides]
        self.names = _values(entries, PrincipalKind.ADDRESS).union(*bound)
        self.ids = frozenset(identity for one in bound for identity in one.values())
        self.vouching = {}
        for address, identity in (pair for one in bound for pair in one.items()):
            self.vouching[identity] = self.vouching.get(identity, frozenset()) | {domain_of(address)}
        self.domains = _values(entries, PrincipalKind.DOMAIN)
        self.organizations = frozenset(UUID(value) for value in _values(entries, PrincipalKind.ORGANIZATION))
        self.timed = any(
            moment is not None
            for policy in policies
            for moment in (
                policy.expires,
                policy.conditions.not_before,
                policy.conditions.not_after,
                *policy.ends,
            )
        )

    @property
    def count(self) -> int:
        """How many documents these are."""
        return self.singles.total()

    @property
    def changes(self) -> bool:
        """Whether the documents themselves are changed, and not only people."""
        return self.before != self.after


def _values(entries: Iterable[Principal], kind: PrincipalKind) -> frozenset[str]:
    return frozenset(who.value for who in entries if who.kind is kind)

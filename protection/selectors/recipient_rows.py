"""One row of a document's recipients: what is known of them before they are decided about, and what is decided."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID, uuid4

from chancery.policy.case import Allow, ContentFacts, Deny
from chancery.policy.evaluate import DAY
from chancery.policy.explain import Explanation, Facts, explain
from chancery.policy.policy import Policy, Principal, PrincipalKind
from chancery.policy.reasons import Reason
from chancery.policy.revocations import name_of, reaches
from chancery.policy.rights import Right, in_order
from chancery.policy.subject import Group, Membership, Subject
from protection.models import FirstOpening, PersonalGrant
from protection.selectors.attempts import Attempts, Done
from protection.selectors.documents import Document, kept_until
from protection.selectors.named_since import dated, named_since
from protection.selectors.sight import Sight
from protection.selectors.why import undecided

_WITH_A_DOMAIN: Final = frozenset({PrincipalKind.ADDRESS, PrincipalKind.DOMAIN})


class Access(StrEnum):
    """Whether a recipient may open the document now."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """An entry may mean them by another organization, which says so only when they open (docs/protocol.md P20)."""


class Listed(StrEnum):
    """Why somebody is in the list: the first of these that holds."""

    ISSUER = "issuer"
    OWNER = "owner"
    POLICY = "policy"
    GIVEN = "given"
    """They asked, and were given access beside the policy."""
    TAKEN = "taken"
    """Nothing names them; access was taken back from their address."""
    TRIED = "tried"
    """Nothing names them; they opened the document by a wider entry, or were refused."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Access that was taken back from one recipient, by the name that the revocation keeps: when and by whom.

    ``held_by`` is the administrator who took it back, too.
    """

    address: str
    at: datetime
    by: UUID
    held_by: UUID | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One row.  ``group`` tells that the address is a group of the organization, so that it is about its members.

    ``rights`` are those they have, or would have if nothing blocked access.  ``through`` are the entries that give
    them access without naming them.  ``ended_at`` and ``ended_by`` say when and by whom access was taken back, or when
    it ended; ``taken`` is set where access was taken back from this recipient alone, and names the address to give it
    back to.  Openings belong to people: of an entry that means many, and where it is not shown, the counts are None.
    """

    who: Principal
    name: str
    listed: Listed
    group: bool
    access: Access
    reason: str
    detail: str
    rights: tuple[str, ...]
    through: tuple[Principal, ...]
    since: datetime | None
    until: datetime | None
    ended_at: datetime | None
    ended_by: UUID | None
    taken: Taken | None
    opened: int | None
    last_opened: datetime | None
    refused: int | None
    last_refused: datetime | None
    last_was_allowed: bool | None
    by_code: bool = False
    """Whether they last came by a mailed code, without an account."""
    last_from: str = ""
    """The network address of their last attempt."""
    kept_until: datetime | None = None
    """Until when a device of theirs could still open it without a network, None for not at all."""
    done: tuple[Done, ...] = ()
    """What else they did with it, as their clients reported."""

    @property
    def address(self) -> str:
        """The address of a person or group; "" for an entry that names more than one address can."""
        return self.who.value if self.who.kind is PrincipalKind.ADDRESS else ""

    @property
    def revocable(self) -> str:
        """The name under which access is taken back from this recipient; "" for everybody who can sign in."""
        return "" if self.who.kind is PrincipalKind.AUTHENTICATED else name_of(self.who)


class Directory(Protocol):
    """The people and groups that an organization may know, each method in a bounded number of queries."""

    def people(self, addresses: Collection[str]) -> Mapping[str, UUID]:
        """Return whom the organization knows under these addresses."""

    def subjects(self, people: Mapping[UUID, str]) -> Mapping[UUID, Subject]:
        """Return those of the people who have or had a place in the organization, each known under an address."""

    def groups(self, addresses: Collection[str]) -> Mapping[str, tuple[Group, ...]]:
        """Return the organization's groups that have these addresses, each followed by the groups that hold it."""

    def handovers(self, addresses: Collection[str], domains: Collection[str]) -> Mapping[str, float]:
        """Return which of the addresses and domains changed hands, and when."""


@dataclass(slots=True)
class Entry:
    """One row before it is decided; ``person`` is whom the address means, None for somebody not known yet."""

    who: Principal
    listed: Listed
    person: UUID | None = None
    name: str = ""
    attempts: Attempts | None = None
    taken: Taken | None = None
    by_code: bool = False
    last_from: str = ""

    @property
    def address(self) -> str:
        return self.who.value if self.who.kind is PrincipalKind.ADDRESS else ""


@dataclass(frozen=True, slots=True)
class Revoked(Taken):
    """With whom the address meant then, which is shown to nobody."""

    identity: UUID | None


@dataclass(frozen=True, slots=True)
class Sources:
    """What is read once for all rows."""

    document: Document
    facts: Facts
    directory: Directory
    given: Mapping[str, PersonalGrant]
    taken: tuple[Revoked, ...]
    revoked_by: UUID | None
    held_by: UUID | None
    published: int
    now: int
    sight: Sight
    policy: Policy = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "policy", self.facts.content.policy or Policy())


class Rows:
    """The rows of one page, with what only they need read in one go."""

    def __init__(self, sources: Sources, page: list[Entry], tried: Collection[UUID | None]) -> None:
        self._sources = sources
        self._page = page
        addresses = [one.address for one in page if one.address]
        people = {one.person: one.address for one in reversed(page) if one.person is not None}
        self._groups = sources.directory.groups(addresses)
        self._subjects = sources.directory.subjects(people)
        cid = sources.document.row.cid
        opened = FirstOpening.objects.filter(content_id=cid, person_id__in=people).values_list("person_id", "at")
        self._first_opened = {person: int(at.timestamp()) for person, at in opened}
        self._kept = kept_until(cid, {person: self._ended_for(person) for person in people})
        # People are bound by openings of their own, so what is bound to a person who never tried is a group.
        bound = sources.facts.content.bindings
        self._bound_to_groups = {address for address, identity in bound.items() if identity not in tried}
        domains = {one.who.value.rpartition("@")[2] for one in page if one.who.kind in _WITH_A_DOMAIN}
        self._handovers = sources.directory.handovers(addresses, domains)
        anybody, template = Subject(uuid4(), handovers=self._handovers), sources.document.row.template_id
        self._dated = dated(sources.facts.content, anybody, published=sources.published, template=template)
        self._since = named_since(cid, {one.who for one in page if one.who in sources.policy.index})

    def _ended_for(self, person: UUID) -> datetime | None:
        """Return since when a revocation of the document, or for a person's row alone, takes their access back."""
        sources = self._sources
        taken = (one.taken.at for one in self._page if one.person == person and one.taken is not None)
        issuer = sources.document.row.deciding_issuer == person
        ends = [end for end in (None if issuer else sources.document.row.revoked_at, *taken) if end is not None]
        return min(ends, default=None)

    def decided(self) -> tuple[Recipient, ...]:
        """Return the rows, each decided."""
        return tuple(self._row(entry) for entry in self._page)

    def _row(self, entry: Entry) -> Recipient:
        sources, groups = self._sources, self._groups_of(entry)
        subject = self._subject(entry, groups)
        subject = replace(subject, handovers=self._handovers) if self._handovers else subject
        content = replace(self._content(entry, subject), first_opened=self._first_opened.get(subject.person))
        found = explain(replace(sources.facts, content=content, subject=subject), Right.VIEW, now=sources.now)
        access = self._access(entry, found, subject)
        denied = found.decision if isinstance(found.decision, Deny) and access is Access.NO else None
        ended_at, ended_by = self._end(denied, found, subject)
        counted = bool(entry.address) and not groups and self._shown(entry)
        attempts = entry.attempts
        return Recipient(
            who=entry.who,
            name=entry.name,
            listed=entry.listed,
            group=bool(groups),
            access=access,
            reason=denied.reason.value if denied else "",
            detail=denied.detail if denied else "",
            rights=tuple(in_order(_rights(found))),
            through=_through(entry, found, subject),
            since=self._named_since(entry),
            until=_until(found),
            ended_at=ended_at,
            ended_by=ended_by,
            taken=entry.taken,
            opened=(attempts.opened if attempts else 0) if counted else None,
            last_opened=attempts.last_opened if attempts else None,
            refused=(attempts.refused if attempts else 0) if counted else None,
            last_refused=attempts.last_refused if attempts else None,
            last_was_allowed=attempts.last_was_allowed if attempts else None,
            by_code=entry.by_code and counted,
            last_from=entry.last_from if counted else "",
            kept_until=self._kept.get(entry.person) if counted and entry.person is not None else None,
            done=attempts.done if attempts and counted else (),
        )

    def _shown(self, entry: Entry) -> bool:
        """Tell whether the reader may know what somebody did; of an address that is nobody's yet there is nothing."""
        sight, person = self._sources.sight, entry.person
        if person == sight.reader:
            return True
        names = sight.names_on(self._sources.document.row.cid)
        return names and (person is None or sight.shows(person))

    def _groups_of(self, entry: Entry) -> tuple[Group, ...]:
        """Return the group that an address means and those that hold it; nothing for people."""
        found = self._groups.get(entry.address, ())
        return found if found and entry.person in {None, found[0].id} else ()

    def _subject(self, entry: Entry, groups: tuple[Group, ...]) -> Subject:
        """Return who would ask: the person as the organization knows them, or somebody whom just this entry means."""
        person = entry.person or uuid4()
        match entry.who.kind:
            case PrincipalKind.ADDRESS if groups:
                return Subject(uuid4(), groups=groups)
            case PrincipalKind.ADDRESS:
                return self._subjects.get(person) or Subject(person, addresses=frozenset({entry.address} - {""}))
            case PrincipalKind.DOMAIN:
                domain = entry.who.value
                return Subject(person, addresses=frozenset({f"somebody@{domain}"}), domains=frozenset({domain}))
            case PrincipalKind.ORGANIZATION:
                return Subject(person, memberships=frozenset({Membership(UUID(entry.who.value))}))
            case PrincipalKind.AUTHENTICATED:
                return Subject(person)

    def _content(self, entry: Entry, subject: Subject) -> ContentFacts:
        """Return the content without what it has bound to other addresses of somebody of whom just one is known."""
        content = self._dated
        if entry.listed is Listed.TRIED or entry.person in self._subjects:
            return content
        return content.known_only_as(entry.address, subject.person)

    def _access(self, entry: Entry, found: Explanation, subject: Subject) -> Access:
        decision = found.decision
        if isinstance(decision, Allow):
            return Access.YES
        nothing = decision.reason in {Reason.NOT_GRANTED, Reason.GRANT_ENDED}
        if not nothing or entry.who.kind is not PrincipalKind.ADDRESS:
            return Access.NO
        organization = self._sources.facts.organization.id
        maybe = undecided(self._sources.policy, found, subject, organization, self._sources.now)
        return Access.UNKNOWN if any(self._means_many(who) for who in maybe) else Access.NO

    def _means_many(self, who: Principal) -> bool:
        """Tell whether an entry may mean people whom it does not name: of addresses, those of groups that opened it."""
        return who.kind is not PrincipalKind.ADDRESS or who.value in self._bound_to_groups

    def _end(
        self, denied: Deny | None, explanation: Explanation, subject: Subject
    ) -> tuple[datetime | None, UUID | None]:
        """Return when access ended, and by whom where somebody took it back."""
        sources = self._sources
        if denied is None:
            return None, None
        if denied.reason is Reason.REVOKED:
            return sources.document.row.revoked_at, sources.revoked_by or sources.held_by
        if denied.reason is Reason.REVOKED_FOR_YOU:
            found = (one for one in sources.taken if reaches(one.address, one.identity, subject))
            one = next(found, None)
            return (one.at, one.by) if one else (None, None)
        end = None
        if denied.reason is Reason.EXPIRED:
            end = sources.policy.expires
        if denied.reason is Reason.GRANT_ENDED:
            end = max((one.until for one in explanation.ended if one.until is not None), default=None)
        opened, days = self._first_opened.get(subject.person), sources.policy.expires_after_opening_days
        if denied.reason is Reason.EXPIRED_AFTER_OPENING and opened is not None and days is not None:
            end = opened + days * DAY
        return (None if end is None else datetime.fromtimestamp(end, UTC)), None

    def _named_since(self, entry: Entry) -> datetime | None:
        row, given = self._sources.document.row, self._sources.given.get(entry.address)
        if entry.listed is Listed.OWNER:
            return row.handed_over_at or row.registered_at
        if entry.listed is Listed.ISSUER:
            return row.registered_at
        if entry.who in self._sources.policy.index:
            return self._since.get(entry.who, row.registered_at)
        return None if given is None else given.given_at


def _until(found: Explanation) -> datetime | None:
    """Return when the last of what gives them access ends or ended; None where it does not end."""
    ends = [one.until for one in found.contributions or found.ended]
    known = [end for end in ends if end is not None]
    return datetime.fromtimestamp(max(known), UTC) if known and len(known) == len(ends) else None


def _rights(found: Explanation) -> frozenset[Right]:
    if isinstance(found.decision, Allow):
        return found.decision.rights
    return frozenset[Right]().union(*(one.rights for one in found.contributions or found.ended))


def _through(entry: Entry, found: Explanation, subject: Subject) -> tuple[Principal, ...]:
    """Return the entries that give somebody access by a group, a domain or an organization."""
    if entry.listed is not Listed.TRIED and entry.listed is not Listed.TAKEN:
        return ()
    own = subject.addresses | {entry.address}
    wide = (one.who for one in found.contributions if one.group is not None or one.who.value not in own)
    return tuple(dict.fromkeys(wide))

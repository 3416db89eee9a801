"""What if: who would gain and who would lose by a change, before it is made.

Nothing is decided a second way here: ``evaluate`` is asked before and after.  What makes it fast is asking less often.
Documents with the same facts are one ``EquivalenceClass`` and asked about together; of a person only what such
documents can mean by their entries is looked at, and people who look the same by that are asked about once.  What a
document says of single people (issuer, owner, for whom alone it is revoked) is asked about for these people apart.

Whom an entry of another organization means is known to that organization alone (docs/protocol.md P20).  For people from
elsewhere a gain or loss is therefore stated only if it is one whatever those entries mean; otherwise it is *undecided*
until they open.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from chancery.names import domain_of
from chancery.policy.case import Allow, Case, ContentFacts, OrganizationFacts, Request
from chancery.policy.equivalence import (
    NOBODY,
    NONE,
    NOT_SINGLE,
    NOTHING,
    Effect,
    EquivalenceClass,
    Home,
    Rights,
    Single,
    Someone,
)
from chancery.policy.evaluate import evaluate
from chancery.policy.policy import Grant, Policy, Principal, PrincipalKind
from chancery.policy.revocations import entry_of, names_of
from chancery.policy.rights import Right
from chancery.policy.subject import Group, Membership, Subject


@dataclass(slots=True)
class Tally:
    """What one person gains and loses: documents by right, and those that begin or cease to open at all."""

    gains: Counter[Right] = field(default_factory=Counter)
    loses: Counter[Right] = field(default_factory=Counter)
    opens: int = 0
    shuts: int = 0
    gaining: int = 0
    losing: int = 0
    undecided: int = 0

    def add(self, effect: Effect, documents: int) -> None:
        """Count an effect on so many documents; a negative number takes back what was counted."""
        if effect.undecided:
            self.undecided += documents
            return
        if gained := effect.gained:
            self.gaining += documents
            self.opens += documents * (not effect.before)
            for right in gained:
                self.gains[right] += documents
        if lost := effect.lost:
            self.losing += documents
            self.shuts += documents * (not effect.after)
            for right in lost:
                self.loses[right] += documents


@dataclass(frozen=True, slots=True)
class Seen:
    """All of one person that documents of a kind can mean; two people alike in it are decided alike."""

    person: UUID
    addresses: frozenset[str]
    memberships: frozenset[Membership]
    groups: tuple[Group, ...]
    domains: frozenset[str]
    active: bool


class Side:
    """One person on one side of the change, taken apart for looking things up."""

    __slots__ = ("domains", "group_ids", "group_names", "groups", "subject")

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.groups: dict[object, Group] = {}
        for group in subject.groups:
            self.groups[group.address] = self.groups[group.id] = group
        self.group_names = frozenset(group.address for group in subject.groups)
        self.group_ids = frozenset(group.id for group in subject.groups)
        self.domains = frozenset(address.rpartition("@")[2] for address in subject.addresses)

    def seen_by(self, kind: EquivalenceClass, single: Single) -> Seen:
        """Return what documents of this kind, one of which says this of single people, can mean of the person."""
        subject, names, ids = self.subject, kind.names, kind.ids
        if single.revoked_ids or single.revoked_addresses:
            names, ids = names | single.revoked_addresses, ids | single.revoked_ids
        named: set[object] = {*(self.group_names & names), *(self.group_ids & ids)}
        groups = {self.groups[one].id: self.groups[one] for one in named}
        addresses = subject.addresses & names
        asked = kind.domains | kind.vouching.get(subject.person, frozenset())
        asked |= {domain_of(one.address) for one in single.personal if one.person == subject.person}
        wide = [entry_of(one) for one in single.revoked_addresses if "@" not in one]
        asked |= {one.value for one in wide if one.kind is PrincipalKind.DOMAIN}
        if not self.domains.isdisjoint(asked):
            addresses |= {one for one in subject.addresses if domain_of(one) in asked}
        places: frozenset[Membership] = frozenset()
        organizations = kind.organizations | {UUID(one.value) for one in wide if one.kind is PrincipalKind.ORGANIZATION}
        if organizations:
            places = frozenset(place for place in subject.memberships if place.organization in organizations)
        return Seen(
            subject.person if subject.person in ids else NOBODY,
            addresses,
            places,
            tuple(groups[one] for one in sorted(groups)),
            subject.domains & asked,
            subject.active and not subject.blocked,
        )

    def as_seen(self, seen: Seen) -> Subject:
        """Return the person with no more than that: what nothing names, hundreds of groups, is not walked through."""
        return replace(
            self.subject,
            addresses=seen.addresses,
            memberships=seen.memberships,
            groups=seen.groups,
            domains=seen.domains,
        )


class Preview:
    """One change, looked at: ``add`` every kind of document, then ask for the ``effect`` on recorded openings.

    Nobody is opening anything, so facts come without the conditions that only an opening can meet, and people without
    a device.
    """

    def __init__(self, organization: OrganizationFacts, people: Sequence[Someone], home: Home, *, now: int) -> None:
        self.organization = organization
        self.people = people
        self.home = home
        self.now = now
        self.tallies: dict[int, Tally] = {}
        self.documents = 0
        """How many documents are gained or lost by anybody."""
        self.undecided: set[Principal] = set()
        """Entries of other organizations by which something is undecided."""
        self._sides = [(Side(one.before), Side(one.after)) for one in people]
        self._moved = [_moved(one) for one in people]
        self._places: dict[object, set[int]] = {}
        for place, one in enumerate(people):
            for subject in (one.before, one.after):
                for name in (*subject.ids, *names_of(subject)):
                    self._places.setdefault(name, set()).add(place)

    def add(self, kind: EquivalenceClass) -> None:
        """Count what the change does to the documents of one kind."""
        count, changed = kind.count, {}
        for place in range(len(self.people)):
            if self._may_differ(place, kind) and (effect := self.effect(kind, place)):
                changed[place] = effect
                self._tally(place).add(effect, count)
        affected = {place for place, effect in changed.items() if not effect.undecided}
        for single, documents in kind.singles.items():
            apart = self._named_by(single)
            differs = len(affected) > len(affected & apart)
            for place in apart:
                effect = self.effect(kind, place, single)
                differs = differs or (bool(effect) and not effect.undecided)
                if (usual := changed.get(place, NOTHING)) != effect:
                    self._tally(place).add(usual, -documents)
                    self._tally(place).add(effect, documents)
            self.documents += documents * differs

    def effect(self, kind: EquivalenceClass, place: int, single: Single = NOT_SINGLE, now: int | None = None) -> Effect:
        """Return what the change does to one person on one document of a kind; ``place`` counts in ``people``."""
        someone, sides = self.people[place], self._sides[place]
        before, after = (side.seen_by(kind, single) for side in sides)
        person = someone.before.person
        rank = (person == single.issuer, person == single.owner, single.issuer_blocked)
        opened = next((at for one, at in single.first_opened if one == person), None)
        given = frozenset(one for one in single.personal if one.person == person)
        timed = kind.timed or self._timed or opened is not None or bool(given)
        moment = self.now if now is None or not timed else now
        asked: tuple[object, ...] = (
            before,
            after,
            rank,
            opened,
            given,
            moment,
            someone.foreign,
        )
        if single.revoked_ids or single.revoked_addresses:
            asked = (*asked, single.revoked_ids, single.revoked_addresses)
        found = kind.known.get(asked)
        if found is None:
            alike = replace(someone, before=sides[0].as_seen(before), after=sides[1].as_seen(after))
            found = kind.known[asked] = self._decided(kind, alike, single, opened, moment)
        return found

    @property
    def _timed(self) -> bool:
        conditions = self.organization.conditions
        return conditions.not_before is not None or conditions.not_after is not None

    def _may_differ(self, place: int, kind: EquivalenceClass) -> bool:
        """Tell apart whom a kind of document cannot concern: nothing of it changes and no group of theirs is named."""
        moved = self._moved[place]
        return moved is None or kind.changes or not (moved.isdisjoint(kind.names) and moved.isdisjoint(kind.ids))

    def _named_by(self, single: Single) -> set[int]:
        named: set[object] = {single.issuer, single.owner, *single.revoked_ids, *single.revoked_addresses}
        named.update(person for person, _ in single.first_opened)
        named.update(one.person for one in single.personal)
        return {place for name in named for place in self._places.get(name, ())}

    def _tally(self, place: int) -> Tally:
        return self.tallies.setdefault(place, Tally())

    def _decided(
        self, kind: EquivalenceClass, someone: Someone, single: Single, opened: int | None, now: int
    ) -> Effect:
        before = self._about(kind.before, someone.before, someone, single, opened)
        after = self._about(kind.after, someone.after, someone, single, opened)
        effect = Effect(self._rights(kind, *before, now), self._rights(kind, *after, now))
        if not someone.foreign:
            return effect
        hidden = [self._hidden(content, subject) for content, subject in (before, after)]
        if not any(hidden):
            return effect
        most = [
            self._rights(kind, _most(content, one), subject, now)
            for (content, subject), one in zip((before, after), hidden, strict=True)
        ]
        least = [
            NONE if any(who in (content.policy or Policy()).deny for who in one) else rights
            for (content, _), one, rights in zip((before, after), hidden, (effect.before, effect.after), strict=True)
        ]
        if _same_entries(before[0], after[0], hidden) and not effect and most[0] == most[1]:
            return effect
        gained, lost = least[1] - most[0], least[0] - most[1]
        possible = (most[1] - least[0]) | (most[0] - least[1])
        if possible - gained - lost:
            self.undecided |= hidden[0] ^ hidden[1] or hidden[0]
            return Effect(undecided=True)
        return effect

    def _about(
        self, content: ContentFacts, subject: Subject, someone: Someone, single: Single, opened: int | None
    ) -> tuple[ContentFacts, Subject]:
        """Return a document as it applies to one person, and a stranger as whom it has bound to their address."""
        content = replace(
            content,
            issuer=single.issuer,
            owner=single.owner,
            issuer_blocked=single.issuer_blocked,
            revoked_ids=single.revoked_ids,
            revoked_addresses=single.revoked_addresses,
            first_opened=opened,
            personal=tuple(single.personal),
        )
        if someone.stranger:
            for address in subject.addresses & content.bindings.keys():
                person = content.bindings[address]
                content, subject = content.known_only_as(address, person), replace(subject, person=person)
        return content, subject

    def _rights(self, kind: EquivalenceClass, content: ContentFacts, subject: Subject, now: int) -> Rights:
        organization = self.organization
        if not kind.key_available:
            organization = replace(organization, key_available=False)
        decision = evaluate(
            Case(organization=organization, content=content, subject=subject, request=Request(), now=now)
        )
        return decision.rights if isinstance(decision, Allow) else NONE

    def _hidden(self, content: ContentFacts, subject: Subject) -> set[Principal]:
        """Return the entries that may mean the person by an organization other than this one."""
        policy = content.policy or Policy()
        return {
            who
            for who in (*policy.index, *policy.deny)
            if self.home.elsewhere(who) and who.value not in subject.addresses
        }


def _moved(someone: Someone) -> frozenset[object] | None:
    """Return addresses and ids of the groups that come or go, or None when more than groups differs."""
    if replace(someone.before, groups=()) != replace(someone.after, groups=()):
        return None
    groups = set(someone.before.groups) ^ set(someone.after.groups)
    return frozenset(name for group in groups for name in (group.id, group.address))


def _most(content: ContentFacts, hidden: set[Principal]) -> ContentFacts:
    """Return the document as if all hidden grants meant the person, and no hidden denial did."""
    policy = content.policy
    if policy is None:
        return content
    everybody = Principal(PrincipalKind.AUTHENTICATED)
    anybody = (replace(grant, who=everybody) for who in hidden for grant in policy.index.get(who, ()))
    most = replace(
        policy,
        grants=(*policy.grants, *anybody),
        deny=tuple(who for who in policy.deny if who not in hidden),
    )
    return replace(content, policy=most)


def _same_entries(before: ContentFacts, after: ContentFacts, hidden: Sequence[set[Principal]]) -> bool:
    """Tell whether the hidden entries say the same on both sides, so that they mean the same people."""

    def said(content: ContentFacts, entries: set[Principal]) -> Mapping[Principal, tuple[tuple[Grant, ...], bool]]:
        policy = content.policy or Policy()
        return {who: (policy.index.get(who, ()), who in policy.deny) for who in entries}

    return said(before, hidden[0]) == said(after, hidden[1])

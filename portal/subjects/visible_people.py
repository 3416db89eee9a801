"""A person as their own organization knows them: all that may be said of a person who is not asking.

See docs/protocol.md P20.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from chancery.policy.policy import Strength
from chancery.policy.subject import DeviceFacts, Group, Membership, Subject
from portal.subjects.subject import subject_of
from protection.selectors.named_permission import Reader
from tenants import naming
from tenants.directory.selectors.blocks import covers
from tenants.directory.selectors.domains import domains_in
from tenants.directory.selectors.groups import groups_at
from tenants.directory.selectors.handovers import changed_hands
from tenants.directory.selectors.people import people_known_as, person_known_as, with_a_place
from tenants.directory.selectors.subject import SubjectRow, subject_row, subject_rows


@dataclass(frozen=True, slots=True)
class VisiblePerson:
    """Whom an address means to one organization; ``known`` is false for everybody who has no place in it."""

    address: str
    subject: Subject
    known: bool


def visible_person_at(organization: UUID, address: str, *, inside: bool) -> VisiblePerson:
    """Return the person behind an address with their membership in this organization and nothing of any other.

    Of a stranger only the address counts, whether or not there is such a person: groups, memberships and even existence
    elsewhere are no business of this organization.  A guest is known by the address they were invited under and by no
    other.  A caller from outside (``inside`` false) sees strangers only.  Raises NameRefused for what is none.
    """
    normal = naming.address(address)
    person = person_known_as(organization, normal) if inside else None
    row = None if person is None else subject_row(person, organization)
    if row is None:
        # With the holder's own id, one could see that two addresses belong to one person.
        handovers = changed_hands([normal])
        stranger = Subject(uuid.uuid4(), addresses=frozenset({normal}), strength=Strength.CODE, handovers=handovers)
        return VisiblePerson(normal, stranger, known=False)
    known = known_here(row, organization, address=normal, domains=proven_domains(organization))
    return VisiblePerson(normal, known, known=True)


@dataclass(frozen=True, slots=True)
class VisiblePeople:
    """Many people and groups at once, by the rule of ``visible_person_at``; each method is a few statements."""

    organization: UUID
    inside: bool

    def people(self, addresses: Collection[str]) -> Mapping[str, UUID]:
        """Return whom the organization knows under these normal addresses."""
        return people_known_as(self.organization, addresses) if self.inside and addresses else {}

    def subjects(self, people: Mapping[UUID, str]) -> Mapping[UUID, Subject]:
        """Return those of the people who have or had a place here, each known under an address.

        A person who was removed stays refused, and nobody may learn anything else about them.
        """
        if not self.inside or not people:
            return {}
        rows = subject_rows(with_a_place(self.organization, people), self.organization)
        domains = proven_domains(self.organization) if rows else frozenset()
        return {
            person: known_here(row, self.organization, address=people[person], domains=domains)
            for person, row in rows.items()
        }

    def handovers(self, addresses: Collection[str], domains: Collection[str]) -> Mapping[str, float]:
        """Return which of the addresses and domains changed hands, and when."""
        return changed_hands(addresses, domains)

    def groups(self, addresses: Collection[str]) -> Mapping[str, tuple[Group, ...]]:
        """Return the organization's groups that have these addresses, each followed by the groups that hold it."""
        if not self.inside or not addresses:
            return {}
        return {
            address: tuple(Group(one.id, one.organization_id, one.address, one.live) for one in groups)
            for address, groups in groups_at(self.organization, addresses).items()
        }


def reader_at(organization: UUID, row: SubjectRow, *, device: DeviceFacts | None, network: str) -> Reader:
    """Return for whom an application reads: they have not signed in here, so it counts as the weakest way to.

    Device and network are the application's, since it is there that the content goes.
    """
    whole = subject_of(row, organization=organization, strength=Strength.CODE, network=network)
    known = known_here(row, organization, address=row.email, domains=proven_domains(organization))
    return Reader(replace(known, device=device, network=network), replace(whole, device=device), row.email)


def proven_domains(organization: UUID) -> frozenset[str]:
    """Return the mail domains that the organization has proven."""
    return frozenset(one.domain for one in domains_in(organization) if one.proven_at)


def known_here(row: SubjectRow, organization: UUID, *, address: str, domains: frozenset[str]) -> Subject:
    """Return what may be said of a person whom an organization knows by an address, a member by all of theirs.

    ``domains`` are those that the organization has proven.
    """
    whole = subject_of(row, organization=organization, strength=Strength.CODE)
    member = Membership(organization) in whole.memberships
    return replace(
        whole,
        addresses=whole.addresses if member else whole.addresses & {address},
        memberships=frozenset(place for place in whole.memberships if place.organization == organization),
        groups=tuple(group for group in whole.groups if group.organization == organization),
        domains=domains if member else frozenset(),
        # A guest is not shown to be blocked by an address that the organization does not know to be theirs.
        blocked=whole.blocked if member else any(covers(name, address) for name in row.blocks),
    )

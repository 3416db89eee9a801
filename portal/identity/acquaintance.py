"""A person as his own organization knows him: all that may be said of somebody who is not asking (PROTOCOL P20)."""

import uuid
from dataclasses import dataclass, replace
from uuid import UUID

from portal.identity.subject import subject_of
from protection.licensing.policy import Strength
from protection.licensing.subject import Membership, Subject
from tenants import naming
from tenants.directory.selectors.domains import domains_in
from tenants.directory.selectors.people import person_known_as
from tenants.directory.selectors.subject import SubjectRow, subject_row


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """Whom an address means to one organization; ``known`` is false for everybody who has no place in it."""

    address: str
    subject: Subject
    known: bool


def acquaintance_at(organization: UUID, address: str, *, inside: bool) -> Acquaintance:
    """Return the person behind an address with his place in this organization and nothing of any other.

    Of a stranger only the address counts, whether or not there is such a person: groups, memberships and even existence
    elsewhere are no business of this organization.  A guest is known by the address he was invited under and by no
    other.  Whoever asks from outside (``inside`` false) sees strangers only.  Raises NameRefused for what is none.
    """
    normal = naming.address(address)
    person = person_known_as(organization, normal) if inside else None
    row = None if person is None else subject_row(person, organization)
    if row is None:
        # With the holder's own id, two addresses of one person could be told to belong together.
        stranger = Subject(uuid.uuid4(), addresses=frozenset({normal}), strength=Strength.CODE)
        return Acquaintance(normal, stranger, known=False)
    domains = frozenset(one.domain for one in domains_in(organization) if one.proven_at)
    return Acquaintance(normal, known_here(row, organization, address=normal, domains=domains), known=True)


def known_here(row: SubjectRow, organization: UUID, *, address: str, domains: frozenset[str]) -> Subject:
    """Return what may be said of a person at an organization that knows him under an address; a member by all of his.

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
    )

"""Shared with me: what others licensed to a person, in whatever organization it is protected."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from chancery.policy.policy import Strength
from portal import clock
from portal.subjects.subject import is_active, subject_of
from protection.selectors.shared import OwnAccess, SharedRow, own_access, shared_rows
from tenants.actor import Actor
from tenants.context import in_schema
from tenants.directory.selectors.licensed import licensed_at
from tenants.directory.selectors.subject import subject_row
from tenants.organizations.selectors import OrganizationFacts

PAGE = 25


@dataclass(frozen=True, slots=True)
class SharedDocument:
    """One document with what the person may do with it now."""

    row: SharedRow
    organization: OrganizationFacts
    access: OwnAccess

    @property
    def page(self) -> str:
        """Where the person reads about their access and asks for more."""
        return f"{self.organization.origin}/documents/{self.row.cid}/access/"


@dataclass(frozen=True, slots=True)
class SharedDocuments:
    """One page of them; ``next_cursor`` is "" on the last one."""

    documents: tuple[SharedDocument, ...]
    next_cursor: str


def shared_with(
    *,
    actor: Actor,
    strength: Strength,
    search: str = "",
    sort: str = "-first_opened",
    cursor: str = "",
    limit: int = PAGE,
    without: Collection[UUID] = (),
) -> SharedDocuments:
    """Return what a person was licensed by others, sorted as ``shared_rows`` can.  Raises InvalidCursor.

    Only organizations that have licensed something to them are asked, many in one statement; what they may do now is
    then read once for each organization on the page.  An organization in which they are disabled shows them nothing;
    ``without`` are those that have blocked the device which asks.
    """
    person = actor.person_id
    if person is None:
        return SharedDocuments((), "")
    places = licensed_at(person, without=without)
    schemas = {place.id: place.schema_name for place in places.values()}
    rows, following = shared_rows(person, schemas, search=search, sort=sort, cursor=cursor, limit=limit)
    access: dict[UUID, OwnAccess] = {}
    for organization in dict.fromkeys(row.organization for row in rows):
        theirs = [row for row in rows if row.organization == organization]
        access |= _access(person, strength, places[organization], theirs)
    found = (SharedDocument(row, places[row.organization], access[row.cid]) for row in rows if row.cid in access)
    return SharedDocuments(tuple(found), following)


def _access(
    person: UUID, strength: Strength, organization: OrganizationFacts, rows: Sequence[SharedRow]
) -> dict[UUID, OwnAccess]:
    found = subject_row(person, organization.id)
    if found is None or not is_active(found, organization.id):
        return {}
    subject = subject_of(found, organization=organization.id, strength=strength)
    with in_schema(organization.schema_name):
        return own_access(
            rows,
            organization=organization.id,
            service_active=organization.service_active,
            subject=subject,
            now=clock.now(),
        )

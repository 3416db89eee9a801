"""A document's recipients: the directory says who people are, the protection package decides and counts."""

from uuid import UUID

from portal import clock
from portal.subjects.visible_people import VisiblePeople
from portal.usecases.caller import Caller
from portal.usecases.sight import sight_of
from protection.selectors.documents import Document
from protection.selectors.recipients import PAGE, Recipients, recipients_of
from tenants.directory.selectors.people import names_of
from tenants.organizations.selectors import OrganizationFacts


def recipients(
    *,
    caller: Caller,
    organization: OrganizationFacts,
    document: Document,
    search: str = "",
    first: int = 0,
    limit: int = PAGE,
) -> Recipients:
    """Return one page of the recipients of a document that was found for the caller."""
    return recipients_of(
        document,
        VisiblePeople(organization.id, inside=caller.knows_members),
        organization=organization.id,
        service_active=organization.service_active,
        now=clock.now(),
        sight=sight_of(caller=caller),
        search=search,
        first=first,
        limit=limit,
    )


def who_took(found: Recipients, document: Document, organization: OrganizationFacts) -> dict[UUID, str]:
    """Return how those are called who took access back from somebody on the page, as far as the reader may know."""
    row, people = document.row, {one.ended_by for one in found.rows if one.ended_by is not None}
    names = {row.owner_id: row.owner_address, row.issuer_id: row.issuer_address}
    return {**names_of(organization.id, people - names.keys()), **names} if people else {}

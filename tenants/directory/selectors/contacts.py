"""The address book of an organization."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from tenants.directory.errors import NotHere
from tenants.directory.models import Contact


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """Somebody outside, as the organization knows them."""

    id: UUID
    address: str
    name: str
    made_at: datetime


def contacts_in(
    organization_id: UUID, *, search: str = "", after: str = "", limit: int = 50
) -> tuple[ContactFacts, ...]:
    """Return contacts in the order of their addresses, from the one behind ``after`` on."""
    rows = Contact.objects.within(organization_id).filter(address__gt=after)
    if search:
        rows = rows.filter(Q(address__icontains=search) | Q(name__icontains=search))
    return tuple(_facts(row) for row in rows.order_by("address")[:limit])


def contact_in(organization_id: UUID, contact_id: UUID) -> ContactFacts:
    """Return one contact.  Raises NotHere."""
    row = Contact.objects.within(organization_id).filter(id=contact_id).first()
    if row is None:
        raise NotHere(_("There is no such contact in this organization."))
    return _facts(row)


def _facts(row: Contact) -> ContactFacts:
    return ContactFacts(row.id, row.address, row.name, row.made_at)

"""The worker's part of writing for people: tell them what an application has protected for them."""

from uuid import UUID

from django.db import transaction
from django.urls import reverse

from portal.notifications.applications import mail_written_for
from protection.services.owner_notices import take_owners_to_tell
from tenants.directory.selectors.people import enabled_among, person_in
from tenants.organizations.selectors import organization_by_id


def carry_on(organization_id: UUID) -> int:
    """Mail the owners of the current organization for whom applications protected documents; return how many."""
    organization = organization_by_id(organization_id)
    if organization is None:
        return 0
    page = f"{organization.origin}{reverse('documents')}"
    with transaction.atomic():
        found = take_owners_to_tell()
        present = enabled_among(organization_id, {one.owner for one in found})
        for one in found:
            owner = person_in(organization_id, one.owner) if one.owner in present else None
            if owner is not None and owner.email:
                mail_written_for(owner, one, page=page)
    return len(found)

"""Somebody signs up with an address: written down, proving nothing yet."""

from uuid import UUID

from django.db import transaction

from tenants import naming
from tenants.directory import address_holders
from tenants.directory.models import Person


@transaction.atomic
def claim_address(*, person_id: UUID, address: str) -> None:
    """Write the unproven address of a new person; nothing is recorded, since no organization is concerned yet."""
    address_holders.assert_address(
        person=Person.objects.get(id=person_id), address=naming.address(address), organization_id=None
    )

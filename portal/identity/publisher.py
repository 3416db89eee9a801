"""What the directory says of whoever published a document that arrives (PROTOCOL P5)."""

from uuid import UUID

from protection.services.register import Publisher
from tenants.directory.models import Device, Person
from tenants.directory.selectors.people import membership_at


def publisher_at(organization: UUID, issuer: UUID, device: UUID | None, owner: UUID) -> Publisher:
    """Return whether issuer and device may still be believed at this organization, and the addresses to show."""
    place = membership_at(organization, issuer)
    addresses = dict(Person.objects.filter(id__in={issuer, owner}).values_list("id", "email"))
    enabled = Person.objects.filter(id=issuer, is_active=True).exists()
    trusted = device is None or Device.objects.filter(id=device, person_id=issuer, revoked_at__isnull=True).exists()
    return Publisher(
        active=enabled and place is not None and not place.disabled and not place.guest,
        device_revoked=not trusted,
        address=addresses.get(issuer, ""),
        owner_address=addresses.get(owner, ""),
    )

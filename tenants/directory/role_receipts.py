"""Who came to hold a role by whom: for some days the two count as one (docs/protocol.md P18)."""

from collections.abc import Iterable
from uuid import UUID

from tenants.actor import Actor
from tenants.directory.models import Membership, RoleReceipt


def remember_roles(organization_id: UUID, people: Iterable[UUID | None], actor: Actor) -> None:
    """Keep that these members have come to hold a role by somebody."""
    here = Membership.objects.within(organization_id).filter(person_id__in=set(people), removed_at__isnull=True)
    RoleReceipt.objects.of_installation().bulk_create(
        RoleReceipt(organization_id=organization_id, person_id=person, giver=actor.person_id)
        for person in here.values_list("person_id", flat=True)
    )

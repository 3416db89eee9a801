"""Disable a person in an organization: from the next request on nothing opens for him there."""

from uuid import UUID

from django.db import transaction

from tenants.actor import Actor
from tenants.directory.access import end_access
from tenants.directory.administrators import locked_membership, require_another
from tenants.directory.change import note
from tenants.directory.withdrawals import withdraw


@transaction.atomic
def disable_person(*, organization_id: UUID, person_id: UUID, reason: str = "", actor: Actor) -> bool:
    """Disable the person's place and end his sessions and tokens; return whether anything changed."""
    membership = locked_membership(organization_id, person_id)
    if membership.disabled:
        return False
    require_another(membership)
    membership.disabled = True
    membership.save(update_fields=["disabled"])
    if not membership.guest:
        end_access(person_id)
    # A member's own organization speaks for him everywhere; one that merely invited him, for itself alone.
    withdraw([person_id], organization_id=organization_id if membership.guest else None)
    note(
        kind="person.disabled",
        organizations=[organization_id],
        actor=actor,
        person_id=person_id,
        addresses=[membership.person.email],
        title=membership.person.name,
        details={"reason": reason} if reason else None,
    )
    return True

"""Switch the protection service of an organization on or off, without touching its people or its data."""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from tenants.actor import Actor
from tenants.events import DirectoryKind
from tenants.organizations.models import Organization
from tenants.organizations.services.change_state import WrongState, note_step


@transaction.atomic
def switch_service(*, organization_id: UUID, active: bool, kind: DirectoryKind, reason: str, actor: Actor) -> bool:
    """Turn the switch and return whether anything changed.  Raises WrongState unless the organization is active."""
    moved = Organization.objects.filter(
        id=organization_id, service_active=not active, state=Organization.State.ACTIVE
    ).update(service_active=active, directory_epoch=F("directory_epoch") + 1)
    if moved:
        note_step(organization_id=organization_id, kind=kind, reason=reason, actor=actor)
    elif not Organization.objects.filter(id=organization_id, state=Organization.State.ACTIVE).exists():
        raise WrongState("The organization is not active.")
    return bool(moved)

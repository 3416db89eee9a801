"""Enable a person again."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tenants.actor import Actor
from tenants.directory.administrators import locked_membership
from tenants.directory.change import note
from tenants.directory.models import Membership
from tenants.events import DirectoryKind


@transaction.atomic
def enable_person(*, organization_id: UUID, person_id: UUID, actor: Actor) -> bool:
    """Undo ``disable_person``; return whether anything changed."""
    membership = locked_membership(organization_id, person_id)
    if not membership.disabled:
        return False
    membership.disabled = False
    if membership.role != Membership.Role.USER:
        # A person who brings an administrator back has given the role anew.
        membership.role_changed_at, membership.role_given_by = timezone.now(), actor.person_id
    membership.save(update_fields=["disabled", "role_changed_at", "role_given_by"])
    note(
        kind=DirectoryKind.PERSON_ENABLED,
        organizations=[organization_id],
        actor=actor,
        person_id=person_id,
        addresses=[membership.known_address],
        title=membership.known_name,
    )
    return True

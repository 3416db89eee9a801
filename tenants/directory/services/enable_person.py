"""Enable a person again."""

from uuid import UUID

from django.db import transaction

from tenants.actor import Actor
from tenants.directory.administrators import locked_membership
from tenants.directory.change import note
from tenants.directory.role_receipts import remember_roles
from tenants.directory.selectors.roles import roles_in
from tenants.events import DirectoryKind


@transaction.atomic
def enable_person(*, organization_id: UUID, person_id: UUID, actor: Actor) -> bool:
    """Undo ``disable_person``; return whether anything changed."""
    membership = locked_membership(organization_id, person_id)
    if not membership.disabled:
        return False
    membership.disabled = False
    membership.save(update_fields=["disabled"])
    if roles_in(organization_id, [person_id]):
        # A person who brings an administrator back has given the role anew.
        remember_roles(organization_id, [person_id], actor)
    note(
        kind=DirectoryKind.PERSON_ENABLED,
        organizations=[organization_id],
        actor=actor,
        person_id=person_id,
        addresses=[membership.known_address],
        title=membership.known_name,
    )
    return True

"""End a role that somebody was given."""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory.administrators import locked_membership, require_another
from tenants.directory.change import note
from tenants.directory.errors import NotHere
from tenants.directory.known_secrets import note_known_secrets
from tenants.directory.models import RoleAssignment
from tenants.directory.roles import ADMINISTRATOR
from tenants.events import DirectoryKind

SWEEP = Actor(person_id=None, name="", source="worker")
"""Who records that a role has ended by itself."""


@transaction.atomic
def end_role(*, organization_id: UUID, assignment: UUID, reason: str = "", actor: Actor) -> None:
    """End it at once.  Raises NotHere and LastAdministrator."""
    found = RoleAssignment.objects.within(organization_id).filter(id=assignment).first()
    place = None if found is None or found.person_id is None else locked_membership(organization_id, found.person_id)
    row = RoleAssignment.objects.within(organization_id).select_for_update().filter(id=assignment).first()
    if row is None:
        raise NotHere(_("There is no such role to end; it may have ended already."))
    lasting = row.role == ADMINISTRATOR and row.ends_at is None
    if place is not None and lasting:
        require_another(place)
    _end(row, DirectoryKind.ROLE_ENDED, {"reason": reason} if reason else {}, actor)
    if place is not None and row.role == ADMINISTRATOR:
        note_known_secrets(place, actor)


@transaction.atomic
def record_ended_roles(*, organization_id: UUID) -> int:
    """Record the roles that have ended by themselves, and forget them; return how many.

    They were held no more from that moment on, whenever this runs.
    """
    rows = RoleAssignment.objects.within(organization_id).select_for_update(skip_locked=True)
    ended = list(rows.filter(ends_at__lte=Now()).order_by("id"))
    for row in ended:
        _end(row, DirectoryKind.ROLE_EXPIRED, {}, SWEEP)
    return len(ended)


def _end(row: RoleAssignment, kind: DirectoryKind, details: dict[str, object], actor: Actor) -> None:
    whom = row.group if row.person is None else row.person
    address = row.person.email if row.person is not None else str(row.group)
    RoleAssignment.objects.within(row.organization_id).filter(id=row.id).delete()
    note(
        kind=kind,
        organizations=[row.organization_id],
        actor=actor,
        person_id=row.person_id,
        addresses=[address],
        title="" if whom is None else whom.name,
        details={
            "role": row.role,
            **({} if row.ends_at is None else {"until": int(row.ends_at.timestamp())}),
            **({} if row.group_id is None else {"group": str(row.group_id)}),
            **details,
        },
    )

"""The rule that an organization is never left without a person who can act for it."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tenants.directory.errors import LastAdministrator, NotHere
from tenants.directory.models import Membership, RoleAssignment
from tenants.directory.roles import ADMINISTRATOR
from tenants.directory.selectors.subject import subject_rows


def locked_membership(organization_id: UUID, person_id: UUID) -> Membership:
    """Return the person's place, locked together with all administrators' so that two cannot remove each other."""
    rows = Membership.objects.within(organization_id).select_for_update().order_by("id")
    list(rows.filter(person_id__in=_administrators(organization_id)))
    membership = rows.filter(person_id=person_id, removed_at__isnull=True).first()
    if membership is None:
        raise NotHere(_("There is no such person in this organization."))
    return membership


def require_another(membership: Membership) -> None:
    """Refuse when this is the last person who is an enabled administrator themselves and without an end.

    A group can be emptied and an end passes, so neither keeps an organization from being left alone.
    """
    if _lasting(membership.organization_id) == {membership.person_id}:
        raise LastAdministrator(
            _("This is the organization's last administrator. Make another person an administrator first.")
        )


def require_one_let_in(organization_id: UUID) -> None:
    """Refuse when the organization's blocks keep out every administrator who could act for it from now on."""
    if _enabled(organization_id) and not _lasting(organization_id):
        raise LastAdministrator(
            _("This is the organization's last administrator. Make another person an administrator first.")
        )


def _lasting(organization_id: UUID) -> set[UUID]:
    """Return the administrators who can act and go on being that until somebody changes it."""
    rows = subject_rows(_enabled(organization_id), organization_id)
    return {person for person, row in rows.items() if not row.blocks}


def _enabled(organization_id: UUID) -> list[UUID]:
    places = Membership.objects.within(organization_id).filter(person_id__in=_administrators(organization_id))
    enabled = places.filter(disabled=False, removed_at__isnull=True, person__is_active=True)
    return list(enabled.values_list("person_id", flat=True))


def _administrators(organization_id: UUID) -> QuerySet[RoleAssignment, Any]:
    """Return the ids of the people who hold the role themselves, for as long as nobody takes it."""
    rows = RoleAssignment.objects.within(organization_id).filter(role=ADMINISTRATOR, person__isnull=False)
    return rows.filter(ends_at__isnull=True).values("person_id")

"""The rule that an organization is never left without a person who can act for it."""

from uuid import UUID

from django.utils.translation import gettext as _

from tenants.directory.errors import LastAdministrator, NotHere
from tenants.directory.models import Membership


def locked_membership(organization_id: UUID, person_id: UUID) -> Membership:
    """Return the person's place, locked together with all administrators' so that two cannot remove each other."""
    rows = Membership.objects.within(organization_id).select_for_update().order_by("id")
    list(rows.filter(role=Membership.Role.GLOBAL_ADMINISTRATOR))
    membership = rows.filter(person_id=person_id, removed_at__isnull=True).first()
    if membership is None:
        raise NotHere(_("There is no such person in this organization."))
    return membership


def require_another(membership: Membership) -> None:
    """Refuse when this is the last administrator who is not disabled."""
    if membership.role != Membership.Role.GLOBAL_ADMINISTRATOR or membership.disabled:
        return
    others = (
        Membership.objects.within(membership.organization_id)
        .filter(role=Membership.Role.GLOBAL_ADMINISTRATOR, disabled=False, person__is_active=True)
        .exclude(id=membership.id)
    )
    if not others.exists():
        raise LastAdministrator(
            _("This is the organization's last administrator. Make another person an administrator first.")
        )

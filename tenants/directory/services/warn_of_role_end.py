"""Find the roles that end soon and of which nobody was told, and keep that somebody is."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from tenants.directory.models import RoleAssignment
from tenants.directory.selectors.roles import AssignmentFacts, assignment_in


@transaction.atomic
def warn_of_role_ends(*, organization_id: UUID, within: timedelta) -> list[AssignmentFacts]:
    """Return the roles that end within that time, each once; a role that was given for less is announced at once."""
    rows = RoleAssignment.objects.within(organization_id).select_for_update(skip_locked=True)
    due = rows.filter(warned_at__isnull=True, ends_at__gt=Now(), ends_at__lte=timezone.now() + within)
    ids = list(due.order_by("id").values_list("id", flat=True))
    RoleAssignment.objects.within(organization_id).filter(id__in=ids).update(warned_at=Now())
    return [assignment_in(organization_id, one) for one in ids]

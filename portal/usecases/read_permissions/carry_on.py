"""What happens to read permissions by itself: their time is over, or nobody answered."""

from uuid import UUID

from django.db import transaction

from portal.usecases.read_permissions.answer import told_of_end
from protection.services.read_permissions import close_due_permissions
from tenants.organizations.selectors import organization_by_id


@transaction.atomic
def close_permissions(organization_id: UUID) -> int:
    """End what is over in the current organization and tell of it; return how many ended."""
    organization = organization_by_id(organization_id)
    if organization is None:
        return 0
    ended = close_due_permissions()
    for made in ended:
        told_of_end(organization, made)
    return len(ended)

"""Suspend an organization: its host answers no more, its tasks are refused, nothing it protects opens."""

from uuid import UUID

from tenants.actor import Actor
from tenants.events import DirectoryKind
from tenants.organizations.models import Organization
from tenants.organizations.services.change_state import change_state


def suspend_organization(*, organization_id: UUID, reason: str, actor: Actor) -> None:
    """Suspend an active organization; its data stays as it is."""
    change_state(
        organization_id=organization_id,
        before=Organization.State.ACTIVE,
        after=Organization.State.SUSPENDED,
        kind=DirectoryKind.ORGANIZATION_SUSPENDED,
        reason=reason,
        actor=actor,
    )

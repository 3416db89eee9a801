"""Resume a suspended organization."""

from uuid import UUID

from tenants.actor import Actor
from tenants.events import DirectoryKind
from tenants.organizations.models import Organization
from tenants.organizations.services.change_state import change_state


def resume_organization(*, organization_id: UUID, reason: str, actor: Actor) -> None:
    """Let a suspended organization act again."""
    change_state(
        organization_id=organization_id,
        before=Organization.State.SUSPENDED,
        after=Organization.State.ACTIVE,
        kind=DirectoryKind.ORGANIZATION_RESUMED,
        reason=reason,
        actor=actor,
    )

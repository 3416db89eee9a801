"""Activate the protection service of an organization."""

from uuid import UUID

from tenants.actor import Actor
from tenants.events import DirectoryKind
from tenants.organizations.services.switch_service import switch_service


def activate_service(*, organization_id: UUID, reason: str = "", actor: Actor) -> bool:
    """Let the organization protect and open; return whether anything changed."""
    return switch_service(
        organization_id=organization_id,
        active=True,
        kind=DirectoryKind.SERVICE_ACTIVATED,
        reason=reason,
        actor=actor,
    )

"""Deactivate the protection service of an organization."""

from uuid import UUID

from tenants.actor import Actor
from tenants.events import DirectoryKind
from tenants.organizations.services.switch_service import switch_service


def deactivate_service(*, organization_id: UUID, reason: str = "", actor: Actor) -> bool:
    """Stop protecting and opening until somebody activates it again; return whether anything changed."""
    return switch_service(
        organization_id=organization_id,
        active=False,
        kind=DirectoryKind.SERVICE_DEACTIVATED,
        reason=reason,
        actor=actor,
    )

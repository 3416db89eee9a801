"""End an organization for good: its keys first, then everything else."""

from uuid import UUID

from protection.keys.root import root_store
from tenants.actor import Actor
from tenants.organizations.services.erase_organization import erase_organization


def end_organization(*, organization_id: UUID, reason: str, actor: Actor) -> None:
    """Erase a suspended organization; its key-encryption key goes first and cannot be brought back.

    See docs/protocol.md P30.
    """
    erase_organization(
        organization_id=organization_id,
        reason=reason,
        shred_keys=root_store().destroy_organization_key,
        actor=actor,
    )

"""What a connection asks for while it only tries: judged, kept for administrators, and not carried out."""

from collections.abc import Sequence
from typing import Final

from portal.usecases.provisioning.provisioner import Provisioner
from tenants.connections.services.keep import keep_dry_run

MOST: Final = 1_000
"""How many requests of each connection are kept."""


def keep(*, provisioner: Provisioner, method: str, what: str, status: int, changes: Sequence[str]) -> None:
    """Keep one request with what it would have changed."""
    keep_dry_run(
        organization_id=provisioner.organization.id,
        connection_id=provisioner.connection.id,
        method=method,
        what=what,
        status=status,
        changes=list(changes),
        most=MOST,
    )

"""Connect an identity provider to an organization."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.connections.models import Connection
from tenants.connections.selectors import ConnectionFacts, connection_in
from tenants.directory.change import note
from tenants.directory.errors import DirectoryRefused, DomainRefused
from tenants.directory.selectors.domains import domains_in
from tenants.directory.services.create_application import create_application
from tenants.events import DirectoryKind

MAY: Final = ("people", "groups", "roles")
"""What a connection may be allowed; ``roles`` lets it shut out people who hold a role, and never gives one."""


@transaction.atomic
def create_connection(
    *,
    organization_id: UUID,
    name: str,
    may: Sequence[str],
    group_domain: str = "",
    dry_run: bool = False,
    asks: bool = False,
    actor: Actor,
) -> ConnectionFacts:
    """Make the connection with an application of its own.  Raises DirectoryRefused and NameRefused."""
    allowed = _allowed(may)
    domain = _domain(organization_id, group_domain) if "groups" in allowed else ""
    made = create_application(organization_id=organization_id, name=name, roles=allowed, with_secret=False, actor=actor)
    row = Connection.objects.create(
        organization_id=organization_id,
        client_id=made.client_id,
        may=allowed,
        group_domain=domain,
        dry_run=dry_run,
        asks=asks,
    )
    note(
        kind=DirectoryKind.PROVISIONING_CONNECTED,
        organizations=[organization_id],
        actor=actor,
        title=naming.one_line(name),
        details={"connection": str(row.id), "roles": allowed},
    )
    return connection_in(organization_id, row.id)


def _allowed(may: Sequence[str]) -> list[str]:
    unknown = sorted(set(may) - set(MAY))
    if unknown:
        raise DirectoryRefused(
            _("{names}: a connection may be allowed {known}.").format(names=", ".join(unknown), known=", ".join(MAY))
        )
    if "people" not in may and "groups" not in may:
        raise DirectoryRefused(_("Allow the connection to manage people, groups or both."))
    return sorted(set(may))


def _domain(organization_id: UUID, wanted: str) -> str:
    """Return the domain for groups' addresses: the one that is named, or the only one."""
    proven = [one.domain for one in domains_in(organization_id) if one.proven_at is not None]
    domain = naming.mail_domain(wanted) if wanted else next(iter(proven), "")
    if not domain:
        raise DomainRefused(_("Groups get addresses in a mail domain of yours. Prove one first."))
    if domain not in proven:
        raise DomainRefused(_("The organization has not proven {domain}.").format(domain=domain))
    return domain

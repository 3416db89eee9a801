"""Make and change a directory server; who may is asked in the portal, and what it says there is judged there."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.connections.services.create_connection import create_connection
from tenants.directory.change import note
from tenants.directory.errors import NotHere
from tenants.directory.known_secrets import remember
from tenants.directory.models import ApiClient
from tenants.directory_servers.models import DirectoryServer
from tenants.directory_servers.selectors import ServerFacts, server_in
from tenants.events import DirectoryKind

WHERE: Final = ("host", "port", "security", "authority")
"""Who gets the password: after another value it is given anew, or it would go to whoever was named."""
_WHAT: Final = ("people_base", "people_filter", "groups_base", "groups_filter", "attributes", "host")
"""What is read: after another value everything is read anew."""
_SHOWN: Final = (
    *("host", "port", "security", "bind_name", "people_base", "people_filter", "groups_base", "groups_filter"),
    *("every_minutes", "most_percent"),
)


@transaction.atomic
def create_server(
    *, organization_id: UUID, name: str, may: list[str], group_domain: str, values: Mapping[str, Any], actor: Actor
) -> ServerFacts:
    """Make a server with the connection that it acts as.  Raises DirectoryRefused and NameRefused."""
    connection = create_connection(
        organization_id=organization_id, name=name, may=may, group_domain=group_domain, asks=True, actor=actor
    )
    row = DirectoryServer(organization_id=organization_id, connection_id=connection.id)
    for member, value in values.items():
        setattr(row, member, value)
    row.save(force_insert=True)
    made = server_in(organization_id, connection.id)
    _remember(made, actor)
    return made


@transaction.atomic
def change_server(
    *, organization_id: UUID, server_id: UUID, values: Mapping[str, Any], actor: Actor
) -> tuple[ServerFacts, ServerFacts]:
    """Change a server; return how it was and how it is.  Raises NotHere."""
    row = DirectoryServer.objects.within(organization_id).select_for_update().filter(pk=server_id).first()
    if row is None:
        raise NotHere(_("There is no such directory server in this organization."))
    before = server_in(organization_id, server_id)
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if not changed:
        return before, before
    for name in changed:
        setattr(row, name, values[name])
    if not set(changed).isdisjoint(WHERE) and "sealed_password" not in values:
        row.sealed_password = None
    if not set(changed).isdisjoint(_WHAT):
        row.cursor = None
    row.locked_out, row.failures = False, 0
    row.save()
    after = server_in(organization_id, server_id)
    _remember(after, actor)
    differing = [name for name in _SHOWN if getattr(before, name) != getattr(after, name)]
    lines = [{"member": one, "before": getattr(before, one), "after": getattr(after, one)} for one in differing]
    note(
        kind=DirectoryKind.DIRECTORY_SERVER_CHANGED,
        organizations=[organization_id],
        actor=actor,
        title=after.name,
        details={"connection": str(server_id), "password": "sealed_password" in changed},
        changes=lines,
    )
    return before, after


def _remember(server: ServerFacts, actor: Actor) -> None:
    """Keep who says from where people come: they can say what they like, as who knows a token of a connection can."""
    client = ApiClient.objects.within(server.organization_id).get(client_id=server.connection.client_id)
    remember(client, actor)

"""Who provisions: the connection that a bearer token belongs to, and what it may do at which organization."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from chancery.policy.permission import Permission
from portal.throttle import retry_after
from portal.usecases.caller import Caller, caller_at
from portal.usecases.permissions import PermissionMissing
from tenants.actor import Actor
from tenants.connections.selectors import ConnectionFacts, connection_in, token_shown
from tenants.connections.services.tokens import note_refusal, note_use
from tenants.directory.errors import NotPermitted
from tenants.directory.models import Person
from tenants.organizations.selectors import OrganizationFacts

SOURCE: Final = "scim"
NEEDS: Final = {"people": Permission.PEOPLE_MANAGE, "groups": Permission.GROUPS_MANAGE}


class NotAuthenticated(Exception):
    """The token is unknown, or over; the message says which where the token is known."""


@dataclass(frozen=True, slots=True)
class Provisioner:
    """One connection that sends requests, and the application that it acts as."""

    caller: Caller
    connection: ConnectionFacts
    organization: OrganizationFacts
    counted: bool = False
    """Whether who is shut out was counted beforehand, and an administrator asked where they are many."""

    def require(self, what: str) -> None:
        """Let pass a connection that may manage ``people`` or ``groups``, and is not stopped.  Raises NotPermitted."""
        if not self.caller.may(NEEDS[what]):
            raise PermissionMissing(NEEDS[what], _("This connection may not manage {what}.").format(what=what))
        if self.connection.stopped_at is not None:
            raise NotPermitted(
                _("This connection was stopped. An administrator lets it go on under People, Provisioning.")
            )


def provisioner_of(*, organization: OrganizationFacts, token: str, ip: str) -> Provisioner:
    """Return who sends a request with this token.  Raises NotAuthenticated.

    A token that is over is recorded once an hour: the provider still holds it, or another person does.
    """
    shown = token_shown(token)
    if shown is None or shown.organization_id != organization.id:
        raise NotAuthenticated(_("The token is not known here."))
    if shown.refused:
        if not retry_after(f"scim refusal {shown.id}", rate=1 / 3600, burst=1):
            note_refusal(shown, actor=Actor(person_id=None, name="", source=SOURCE, ip=ip))
        over = {"expired": _("The token has expired."), "revoked": _("The token was revoked.")}
        raise NotAuthenticated(over[shown.refused])
    found = connection_in(organization.id, shown.connection_id)
    person = Person.objects.filter(id=found.person_id, is_active=True).first()
    if found.ended or person is None:
        raise NotAuthenticated(_("This connection has ended."))
    note_use(shown)
    return Provisioner(caller_at(organization, person, ip=ip, source=SOURCE), found, organization)


def is_stopped(organization_id: UUID, connection_id: UUID) -> bool:
    """Tell whether the connection is stopped now, beside what a request began with."""
    return connection_in(organization_id, connection_id).stopped_at is not None

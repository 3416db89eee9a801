"""Sign-on that is enforced: who belongs to a connection's domains signs in by its provider, and by nothing else.

Left out are administrators whom the organization has named for the day on which the provider fails; they need a second
factor, and each use is an event and a mail to all administrators.
"""

from http import HTTPStatus
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.shortcuts import render

from portal.identity.strength import by_provider
from portal.notifications.sign_on import mail_bypassed
from portal.request_facts import client_address
from tenants.actor import Actor
from tenants.directory.models import Person
from tenants.directory.roles import ADMINISTRATOR
from tenants.directory.selectors.people import people_in
from tenants.sign_on.selectors import SignOnFacts, enforced_for, sealed_hint_of
from tenants.sign_on.services.accounts import note_bypassed

_ALL = 10_000


def require_provider(request: HttpRequest, user: AbstractBaseUser) -> None:
    """Let pass who need not sign in by a provider, or has.  Raises ImmediateHttpResponse with a page that says how."""
    connection = enforced_for(user.pk)
    if connection is None or _signed_in_by(request, user) == connection.id:
        return
    if isinstance(user, Person) and _may_bypass(request, user, connection):
        _bypassed(request, user, connection)
        return
    page = render(request, "identity/sign_on_required.html", {"connection": connection}, status=HTTPStatus.FORBIDDEN)
    raise ImmediateHttpResponse(page)


def _signed_in_by(request: HttpRequest, user: AbstractBaseUser) -> UUID | None:
    said = by_provider(request, user.pk)
    found = sealed_hint_of(UUID(said.by)) if said is not None and said.by else None
    return None if found is None else found[0]


def _may_bypass(request: HttpRequest, person: Person, connection: SignOnFacts) -> bool:
    """Tell whether they are named for an emergency, and have used their second factor just now."""
    used = any(step.get("method") == "mfa" for step in get_authentication_records(request, person))
    return used and any(one.person_id == person.pk and one.counts for one in connection.break_glass)


def _bypassed(request: HttpRequest, person: Person, connection: SignOnFacts) -> None:
    ip = client_address(request)
    actor = Actor(person_id=person.pk, name=str(person), source="pages", ip=ip, address=person.email)
    note_bypassed(connection, person_id=person.pk, address=person.email, actor=actor)
    found = people_in(connection.organization_id, roles=[ADMINISTRATOR], limit=_ALL)
    readers = [one for one in found if one.email and not one.disabled]
    mail_bypassed(readers, connection=connection.name, who=person.email, ip=ip)

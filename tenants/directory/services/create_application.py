"""Create an account for an application of the organization."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from allauth.idp.oidc.models import Client
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory.change import note
from tenants.directory.errors import DirectoryRefused
from tenants.directory.models import ApiClient, Membership, Person, RoleAssignment
from tenants.directory.roles import OF_APPLICATIONS
from tenants.directory.services.application_credentials import first_secret
from tenants.events import DirectoryKind


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the application signs in with; the secret is shown once and kept only as a hash."""

    client_id: str
    secret: str
    person_id: UUID


@transaction.atomic
def create_application(
    *, organization_id: UUID, name: str, roles: Sequence[str] = (), with_secret: bool = True, actor: Actor
) -> Credentials:
    """Create the application's person, its place in the organization and its client at the issuer.

    It has its first secret, unless it signs in by something else.
    """
    name = naming.one_line(name)
    if not set(roles) <= set(OF_APPLICATIONS):
        raise DirectoryRefused(_("An application cannot hold this role."))
    person = Person(email="", name=name, is_service=True)
    person.set_unusable_password()
    person.save()
    client = Client(
        id=f"svc-{secrets.token_hex(12)}",
        name=name[:100],
        type=Client.Type.CONFIDENTIAL,
        grant_types=Client.GrantType.CLIENT_CREDENTIALS,
        scopes="openid",
        default_scopes="openid",
        redirect_uris="",
        secret=make_password(None),
    )
    client.save()
    Membership.objects.create(organization_id=organization_id, person=person)
    made = ApiClient.objects.create(client_id=client.id, organization_id=organization_id, person=person, name=name)
    RoleAssignment.objects.of_installation().bulk_create(
        RoleAssignment(organization_id=organization_id, role=role, person=person, given_by=actor.person_id)
        for role in sorted(set(roles))
    )
    note(
        kind=DirectoryKind.APPLICATION_CREATED,
        organizations=[organization_id],
        actor=actor,
        title=name,
        details={"client": client.id, "roles": sorted(set(roles))},
    )
    secret = first_secret(made, actor) if with_secret else ""
    return Credentials(client_id=client.id, secret=secret, person_id=person.id)

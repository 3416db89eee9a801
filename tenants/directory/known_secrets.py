"""Who knows the secrets of applications: it does not end with the person, so the end of their right to it is recorded.

An application acts for the organization.  The person who made it saw its secret, and a person who got a code for it may
have put a device of their own in its place; the organization goes on using it after they have left.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from chancery.policy.permission import Permission
from tenants.actor import Actor
from tenants.directory.change import note
from tenants.directory.models import ApiClient, ApplicationCredential, Membership
from tenants.directory.roles import roles_with
from tenants.directory.selectors.roles import holders
from tenants.events import DirectoryKind


def remember(application: ApiClient, actor: Actor) -> None:
    """Keep that this person has seen a secret of the application."""
    person = str(actor.person_id)
    if actor.person_id is not None and not actor.application and person not in application.known_to:
        application.known_to = [*application.known_to, person]
        application.save(update_fields=["known_to"])


def knowing(organization_id: UUID, applications: Iterable[ApiClient]) -> dict[str, set[str]]:
    """Return by client id who could act as each application: who got a code for it, or made what signs it in now."""
    found = {one.client_id: set(one.known_to) for one in applications}
    made = _valid(organization_id).filter(application_id__in=list(found), made_by__isnull=False)
    for client_id, person in made.values_list("application_id", "made_by"):
        found[client_id].add(str(person))
    return found


def applications_known_to(organization_id: UUID, person_id: UUID) -> list[ApiClient]:
    """Return the applications in use whose secret a person has seen, or whose key they brought."""
    rows = ApiClient.objects.within(organization_id).filter(disabled_at__isnull=True)
    made = _valid(organization_id).filter(made_by=person_id).values("application_id")
    known = Q(known_to__contains=[str(person_id)]) | Q(client_id__in=made)
    return list(rows.filter(known).order_by("name", "client_id"))


def _valid(organization_id: UUID) -> QuerySet[ApplicationCredential]:
    rows = ApplicationCredential.objects.within(organization_id)
    return rows.filter(ended_at__isnull=True, expires_at__gt=timezone.now())


def note_known_secrets(place: Membership, actor: Actor) -> None:
    """Record for each application whose secret a person knows that they may not manage applications any more."""
    for one in applications_known_to(place.organization_id, place.person_id):
        note(
            kind=DirectoryKind.APPLICATION_EXPOSED,
            organizations=[place.organization_id],
            actor=actor,
            title=one.name,
            recipient=place.known_address,
            details={"client": one.client_id},
        )


def managers_among(organization_id: UUID, people: set[str]) -> set[str]:
    """Return which of these people may manage the organization's applications now."""
    managers = holders(organization_id, roles_with(Permission.APPLICATIONS_MANAGE))
    rows = Membership.objects.within(organization_id).filter(
        person_id__in=[one for one in managers if str(one) in people],
        disabled=False,
        removed_at__isnull=True,
        person__is_active=True,
    )
    return {str(person) for person in rows.values_list("person_id", flat=True)}

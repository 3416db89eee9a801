"""Where an organization's members sign in beside this installation: noted, forbidden, allowed again."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tenants.actor import Actor
from tenants.directory.change import note, note_of_person
from tenants.events import DirectoryKind
from tenants.homes.models import ForbiddenInstallation, Visit


@transaction.atomic
def note_visit(*, person_id: UUID, installation: str, addresses: tuple[str, ...], actor: Actor) -> None:
    """Record that a person signs in at another installation by this one, and what it learns."""
    now = timezone.now()
    Visit.objects.update_or_create(person_id=person_id, installation=installation, defaults={"last_at": now})
    host = installation.partition("://")[2]
    note_of_person(
        kind=DirectoryKind.INSTALLATION_VISITED,
        person_id=person_id,
        actor=actor,
        addresses=addresses,
        title=host,
        details={"installation": host},
    )


@transaction.atomic
def forbid_installation(*, organization_id: UUID, host: str, reason: str, actor: Actor) -> bool:
    """Let the organization's members not sign in there any more; return whether that is new."""
    values = {"reason": reason[:500], "made_by": actor.person_id, "made_by_address": actor.address}
    _row, created = ForbiddenInstallation.objects.of_installation().get_or_create(
        organization_id=organization_id, host=host, defaults=values
    )
    if created:
        _note(DirectoryKind.INSTALLATION_FORBIDDEN, organization_id, host, reason, actor)
    return created


@transaction.atomic
def allow_installation(*, organization_id: UUID, host: str, actor: Actor) -> bool:
    """Let them sign in there again; return whether it was forbidden."""
    gone = bool(ForbiddenInstallation.objects.within(organization_id).filter(host=host).delete()[0])
    if gone:
        _note(DirectoryKind.INSTALLATION_ALLOWED, organization_id, host, "", actor)
    return gone


def _note(kind: DirectoryKind, organization_id: UUID, host: str, reason: str, actor: Actor) -> None:
    note(
        kind=kind,
        organizations=[organization_id],
        actor=actor,
        title=host,
        details={"installation": host, **({"reason": reason} if reason else {})},
    )

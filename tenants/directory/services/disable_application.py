"""Stop an application: its secret and its tokens are worth nothing from now on."""

from uuid import UUID

from allauth.idp.oidc.models import Client
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory.access import end_access, end_clients
from tenants.directory.change import note
from tenants.directory.errors import NotHere
from tenants.directory.models import ApiClient, Membership
from tenants.directory.revocations import record_revocation
from tenants.events import DirectoryKind


@transaction.atomic
def disable_application(*, organization_id: UUID, client_id: str, reason: str = "", actor: Actor) -> None:
    """Disable the application; its person stays, since documents may name it as their owner."""
    application = (
        ApiClient.objects.within(organization_id).filter(client_id=client_id, disabled_at__isnull=True).first()
    )
    if application is None:
        raise NotHere(_("There is no such application in this organization."))
    application.disabled_at = timezone.now()
    application.save(update_fields=["disabled_at"])
    Membership.objects.within(organization_id).filter(person_id=application.person_id).update(disabled=True)
    record_revocation([application.person_id])
    end_clients([client_id])
    end_access(application.person_id)
    Client.objects.filter(id=client_id).delete()
    note(
        kind=DirectoryKind.APPLICATION_DISABLED,
        organizations=[organization_id],
        actor=actor,
        person_id=application.person_id,
        title=application.name,
        details={"client": client_id, **({"reason": reason} if reason else {})},
    )

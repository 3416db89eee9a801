"""Stop a program: its secret and its tokens are worth nothing from now on."""

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
from tenants.directory.withdrawals import withdraw


@transaction.atomic
def disable_service_account(*, organization_id: UUID, client_id: str, reason: str = "", actor: Actor) -> None:
    """Disable the program; its person stays, since documents may name it as their owner."""
    program = ApiClient.objects.within(organization_id).filter(client_id=client_id, disabled_at__isnull=True).first()
    if program is None:
        raise NotHere(_("There is no such program in this organization."))
    program.disabled_at = timezone.now()
    program.save(update_fields=["disabled_at"])
    Membership.objects.within(organization_id).filter(person_id=program.person_id).update(disabled=True)
    withdraw([program.person_id])
    end_clients([client_id])
    end_access(program.person_id)
    Client.objects.filter(id=client_id).delete()
    note(
        kind="program.disabled",
        organizations=[organization_id],
        actor=actor,
        person_id=program.person_id,
        title=program.name,
        details={"client": client_id, **({"reason": reason} if reason else {})},
    )

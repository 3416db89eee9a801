"""What is set to end at a moment: who sees it, who cancels it, and what is due."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.usecases.caller import Caller
from portal.usecases.effects import Effect, effect
from portal.usecases.revocation_mails import write_revocation_mails
from protection.selectors.scheduled import scheduled_revocation
from protection.services.schedule_revocation import cancel_revocation, carry_out_next
from tenants.organizations.selectors import organization_by_id


def cancel_scheduled(*, caller: Caller, scheduled: UUID) -> Effect:
    """Let access not end at the moment that was set.  Raises NotFound and Widening."""
    found = scheduled_revocation(caller.actor, scheduled)
    cancel_revocation(actor=caller.actor, scheduled=scheduled)
    return effect(True, _("Canceled: access does not end then."), "", document=str(found.cid))


def carry_out_due(organization_id: UUID) -> int:
    """Revoke what has come to its moment in the current organization; return how many revocations that were.

    Each is a transaction of its own, with its mails, so what was interrupted is done by the next sweep.
    """
    organization, skipped, number = organization_by_id(organization_id), set[UUID](), 0
    if organization is None:
        return 0
    while True:
        with transaction.atomic():
            made = carry_out_next(skipped)
            if made is None:
                return number
            if made.changed:
                write_revocation_mails(organization, made.cid, made.name, made.message)
        number += 1

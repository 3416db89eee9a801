"""Begin and end acting for another person (promise C85)."""

from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chancery.ledger.kinds import Kind
from protection.actor import Actor
from protection.models import Acting
from protection.selectors.acting import ActingFacts
from protection.services.recording import record_action

LASTS: Final = timedelta(hours=1)
"""How long an administrator acts for somebody before they have to say so again."""


@transaction.atomic
def begin_acting(*, actor: Actor, person: UUID, address: str, reason: str) -> ActingFacts:
    """Let an administrator act for a person from now on; they act for nobody else meanwhile."""
    end_acting(actor=actor)
    actor = replace(actor, acting_for=None, acting_for_address="")
    until = timezone.now() + LASTS
    Acting.objects.update_or_create(
        person_id=actor.person,
        defaults={
            "for_id": person,
            "for_address": address,
            "reason": reason,
            "began_at": timezone.now(),
            "until": until,
        },
    )
    details = {"note": reason, "until": int(until.timestamp())}
    record_action(Kind.ACTING_BEGAN, actor, recipient=address, details=details)
    return ActingFacts(person, address, reason, until)


@transaction.atomic
def end_acting(*, actor: Actor) -> bool:
    """Let an administrator act for themselves again; return whether they did not already."""
    row = Acting.objects.select_for_update().filter(person_id=actor.person).first()
    if row is None:
        return False
    row.delete()
    if row.until <= timezone.now():
        return False
    record_action(Kind.ACTING_ENDED, actor, recipient=row.for_address)
    return True

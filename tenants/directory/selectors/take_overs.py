"""Reading what somebody is about to take over, and whether they are the one who may."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from tenants.directory.models import Address, Membership, TakeOver

LAPSES: Final = timedelta(days=60)
"""How long after the notice a take-over can be carried out; from then on it has to be announced anew."""


@dataclass(frozen=True, slots=True)
class TakeOverRow:
    """What one person has claimed and announced; ``challenge`` is the text for the DNS, for them alone.

    An announcement that has lapsed is none: nothing can be carried out by it, and it is announced anew.
    """

    challenge: str
    announced_at: datetime | None
    due_at: datetime | None


def take_over_row(organization_id: UUID, person_id: UUID, by: UUID | None) -> TakeOverRow | None:
    """Return what the person has claimed of an organization of individuals."""
    row = TakeOver.objects.within(organization_id).filter(person_id=person_id, by_id=by).first()
    if row is None:
        return None
    if row.due_at is None or has_lapsed(row.due_at):
        return TakeOverRow(row.record_text, None, None)
    return TakeOverRow(row.record_text, row.announced_at, row.due_at)


def has_lapsed(due_at: datetime) -> bool:
    """Tell whether what could be carried out from ``due_at`` on can be no more, since people were told too long ago."""
    return due_at + LAPSES <= timezone.now()


def is_individual_of(organization_id: UUID, person_id: UUID, domain: str) -> bool:
    """Tell whether the person is a member there by an address of the domain that they have proven themselves."""
    places = Membership.objects.within(organization_id).filter(
        person_id=person_id, guest=False, disabled=False, removed_at__isnull=True
    )
    proven = Address.objects.filter(person_id=person_id, domain=domain, proven_by=Address.Proof.PERSON)
    return places.exists() and proven.exists()

"""Reading what somebody is about to take over, and whether they are the one who may."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenants.directory.models import Address, Membership, TakeOver


@dataclass(frozen=True, slots=True)
class TakeOverRow:
    """What one person has claimed and announced; ``challenge`` is the text for the DNS, for them alone."""

    challenge: str
    announced_at: datetime | None
    due_at: datetime | None


def take_over_row(organization_id: UUID, person_id: UUID, by: UUID | None) -> TakeOverRow | None:
    """Return what the person has claimed of an organization of individuals."""
    row = TakeOver.objects.within(organization_id).filter(person_id=person_id, by_id=by).first()
    return None if row is None else TakeOverRow(row.record_text, row.announced_at, row.due_at)


def is_individual_of(organization_id: UUID, person_id: UUID, domain: str) -> bool:
    """Tell whether the person is a member there by an address of the domain that they have proven themselves."""
    places = Membership.objects.within(organization_id).filter(
        person_id=person_id, guest=False, disabled=False, removed_at__isnull=True
    )
    proven = Address.objects.filter(person_id=person_id, domain=domain, proven_by=Address.Proof.PERSON)
    return places.exists() and proven.exists()

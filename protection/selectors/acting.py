"""For whom an administrator acts at present."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now

from protection.models import Acting


@dataclass(frozen=True, slots=True)
class ActingFacts:
    """For whom somebody acts, why, and until when."""

    person: UUID
    address: str
    reason: str
    until: datetime


def acting_of(person: UUID) -> ActingFacts | None:
    """Return for whom a person acts at present, None for nobody but themselves."""
    found = Acting.objects.filter(person_id=person, until__gt=Now()).first()
    return None if found is None else ActingFacts(found.for_id, found.for_address, found.reason, found.until)

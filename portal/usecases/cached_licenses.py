"""Until when a device can open what it keeps: devices belong to people, so all organizations are asked."""

from datetime import datetime
from uuid import UUID

from audit.selectors.people import ledgers_that_know
from portal.usecases.confirmation import copies_until
from protection.selectors.affected import affected_by_device
from protection.selectors.organization import is_activated
from tenants.context import in_schema
from tenants.organizations.selectors import organizations


def kept_until(person: UUID, device: UUID) -> datetime | None:
    """Return the last moment of any license that the device keeps, None when it keeps none."""
    moments, schemas = [], [one.schema_name for one in organizations()]
    for schema in ledgers_that_know(person, schemas):
        with in_schema(schema):
            if is_activated():
                moments.append(affected_by_device(person, device).until)
    return max((one for one in moments if one is not None), default=None)


def kept_words(until: datetime | None) -> tuple[str, ...]:
    """Say after access ended until when licenses kept on devices still open, issuers' own included."""
    return () if until is None else (copies_until(until),)

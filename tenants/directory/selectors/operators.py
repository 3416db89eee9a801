"""Reading who may look after the installation in the browser."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from tenants.directory.models import Address, Operator


@dataclass(frozen=True, slots=True)
class OperatorFacts:
    """One operator; ``counts`` is False while the address they were added by is not proven to be theirs."""

    person_id: UUID
    name: str
    address: str
    since: datetime
    counts: bool


def operators() -> tuple[OperatorFacts, ...]:
    """Return all operators by address."""
    return tuple(_facts(row) for row in _rows().order_by("address"))


def operator_with_id(person_id: UUID) -> OperatorFacts | None:
    """Return the operator that a person is now, None when they are none."""
    row = _rows().filter(person_id=person_id).first()
    found = None if row is None else _facts(row)
    return found if found is not None and found.counts else None


def _rows() -> QuerySet[Any]:
    proven = Address.objects.filter(person_id=OuterRef("person_id"), address=OuterRef("address")).exclude(proven_by="")
    return Operator.objects.select_related("person").annotate(proven=Exists(proven))


def _facts(row: Any) -> OperatorFacts:
    counts = row.proven and row.person.is_active
    return OperatorFacts(row.person_id, row.person.name, row.address, row.created_at, counts)

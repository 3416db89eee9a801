"""Record what an operator did, in the one place that writes the operators' record."""

from typing import Any
from uuid import UUID

from tenants.actor import Actor
from tenants.events import DirectoryKind, OperatorKind
from tenants.organizations.models import OperatorRecord


def record_operator(
    *,
    kind: DirectoryKind | OperatorKind,
    actor: Actor,
    organization_id: UUID | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Add a row.  It can never be changed or erased, so ``details`` holds ids and numbers, no addresses."""
    person = {} if actor.person_id is None else {"person": str(actor.person_id)}
    OperatorRecord.objects.create(
        kind=kind.value,
        actor=actor.name,
        organization_id=organization_id,
        details={"source": actor.source, **person, **(details or {})},
    )

"""What was asked before a change, and how far the answer is; plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from audit.selectors.schemas import schemas_where
from chancery.errors import NotFound
from chancery.texts import message
from protection.models import Preview

_UNANSWERED: Final = """
exists (select from {schema}.protection_preview
    where state = 'waiting' or (state = 'running' and touched_at < now() - interval '1 minute')
    or asked_at < now() - interval '1 day')
"""


@dataclass(frozen=True, slots=True)
class PreviewFacts:
    """One preview: the change it is about, and the answer once it is there."""

    id: UUID
    kind: str
    target: UUID
    change: Mapping[str, Any]
    seen: Mapping[str, Any]
    days: int
    asked_by: UUID
    asked_at: datetime
    state: str
    done: int
    total: int
    epoch: int
    result: Mapping[str, Any] | None
    error: str


def preview_facts(preview: UUID) -> PreviewFacts:
    """Return one preview.  Raises NotFound."""
    row = Preview.objects.filter(id=preview).first()
    if row is None:
        raise NotFound(
            message("There is no such preview; previews are kept for a day."), remedy=message("Make the change again.")
        )
    return PreviewFacts(
        id=row.id,
        kind=row.kind,
        target=row.target,
        change=row.change,
        seen=row.seen,
        days=row.days,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        state=row.state,
        done=row.done,
        total=row.total,
        epoch=row.epoch,
        result=row.result,
        error=row.error,
    )


def unanswered(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas in which a preview waits for its answer, or is to be forgotten."""
    return set(schemas_where(_UNANSWERED, schemas))

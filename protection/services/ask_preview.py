"""Ask what a change would do before making it, and forget what was asked a day ago."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models.functions import Now

from protection.actor import Actor
from protection.models import Preview

KEPT: Final = timedelta(days=1)


def ask_preview(
    *, actor: Actor, kind: str, target: UUID, change: Mapping[str, Any], seen: Mapping[str, Any], days: int
) -> UUID:
    """Note the draft of a change with what its editor saw; a worker finds it and says what it would do."""
    made = Preview.objects.create(
        kind=kind, target=target, change=dict(change), seen=dict(seen), days=days, asked_by=actor.person
    )
    return made.id


def forget_previews() -> int:
    """Delete previews of more than a day ago: drafts with people's names are not to lie about."""
    deleted, _by_model = Preview.objects.filter(asked_at__lt=Now() - KEPT).delete()
    return deleted

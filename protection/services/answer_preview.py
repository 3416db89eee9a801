"""A worker's part of a preview: take the oldest one that waits, say how far it is, answer it or give it up."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from protection.models import Preview, PreviewState
from protection.selectors.previews import PreviewFacts, preview_facts

SILENT: Final = timedelta(seconds=60)
"""After which the worker of a running preview is taken for lost."""
ATTEMPTS: Final = 3
"""A preview that ended its worker this often ends no further one."""
ABANDONED: Final = "abandoned"
"""The code of a preview that was begun so often and never ended."""


@transaction.atomic
def take_preview() -> PreviewFacts | None:
    """Return the oldest preview that waits, or whose worker was lost, as this worker's own; None when there is none."""
    silent = Q(state=PreviewState.RUNNING, touched_at__lt=Now() - SILENT)
    free = Preview.objects.select_for_update(skip_locked=True).filter(Q(state=PreviewState.WAITING) | silent)
    row = free.order_by("asked_at").first()
    if row is None:
        return None
    if row.attempts >= ATTEMPTS:
        give_up_preview(row.id, ABANDONED)
        return None
    mine = {"state": PreviewState.RUNNING, "attempts": F("attempts") + 1, "touched_at": Now(), "done": 0}
    Preview.objects.filter(id=row.id).update(**mine)
    return preview_facts(row.id)


def report_progress(preview: UUID, done: int, total: int) -> None:
    """Say how much of the work is done."""
    Preview.objects.filter(id=preview).update(done=min(done, total), total=total, touched_at=Now())


def answer_preview(preview: UUID, *, result: Mapping[str, Any], epoch: int) -> None:
    """Write down what the change would do; ``epoch`` is the directory's that the answer rests on."""
    done = {"state": PreviewState.DONE, "result": dict(result), "epoch": epoch, "done": F("total")}
    Preview.objects.filter(id=preview, state=PreviewState.RUNNING).update(**done)


def give_up_preview(preview: UUID, code: str) -> None:
    """Record why there is no answer: the code of an error, or ``ABANDONED``."""
    Preview.objects.filter(id=preview).update(state=PreviewState.FAILED, error=code)

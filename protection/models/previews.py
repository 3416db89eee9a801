"""Changes that somebody has asked about before making them: drafts with what they would do, kept for a day."""

import uuid

from django.db import models
from django.db.models.functions import Now


class PreviewKind(models.TextChoices):
    """What would be changed."""

    TEMPLATE = "template", "Template"
    GROUP = "group", "Group"
    PERSON = "person", "Person"


class PreviewState(models.TextChoices):
    """How far a preview is."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    SAVED = "saved", "Saved"


class Preview(models.Model):
    """One change that was not made yet, and who would gain and lose by it.

    ``target`` is the object to change, ``change`` what would be sent to change it, ``seen`` what its editor had before
    their eyes: saving is refused when that has moved.  ``touched_at`` is the worker's last sign of life; a preview
    whose worker was lost is taken up again, at most ``attempts`` times.  ``epoch`` is the directory's when the answer
    was made.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=16, choices=PreviewKind.choices)
    target = models.UUIDField()
    change = models.JSONField()
    seen = models.JSONField(default=dict)
    days = models.PositiveSmallIntegerField(db_default=30)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=16, choices=PreviewState.choices, db_default=PreviewState.WAITING)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    touched_at = models.DateTimeField(null=True)
    done = models.PositiveIntegerField(db_default=0)
    total = models.PositiveIntegerField(db_default=0)
    epoch = models.BigIntegerField(db_default=0)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=500, db_default="")

    class Meta:
        """The worker takes the oldest first; the sweep looks for old ones."""

        indexes = (models.Index(fields=["asked_at"], name="protection_preview_oldest"),)

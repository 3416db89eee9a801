"""Documents that get another owner: what was asked, by whom, and how far it is."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class HandOverState(models.TextChoices):
    """How far a hand-over is; ``WAITING`` is for another administrator's approval."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    DECLINED = "declined", "Declined"
    FAILED = "failed", "Failed"


class HandOver(models.Model):
    """Documents of one owner that another member is to own.

    It means the documents in ``cids``, or else all that ``former_owner`` owns, under one template or label where such
    is named.  ``asked_by`` are the facts of who asked, which each document's event names again.  What was handed over
    is no longer the former owner's, so a hand-over that was interrupted goes on with what is left.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    former_owner = models.UUIDField()
    former_address = models.CharField(max_length=320)
    new_owner = models.UUIDField()
    new_address = models.CharField(max_length=320)
    cids = ArrayField(models.UUIDField(), null=True)
    template_id = models.UUIDField(null=True)
    label_id = models.UUIDField(null=True)
    by_owner = models.BooleanField()
    asked_by = models.JSONField()
    reason = models.CharField(max_length=500, db_default="")
    asked_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=16, choices=HandOverState.choices)
    answered_by = models.UUIDField(null=True)
    answered_address = models.CharField(max_length=320, db_default="")
    answered_at = models.DateTimeField(null=True)
    done = models.PositiveIntegerField(db_default=0)
    total = models.PositiveIntegerField(db_default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Lists show the newest first; the worker looks for those that run."""

        indexes = (
            models.Index(fields=["-asked_at", "id"], name="protection_hand_over_newest"),
            models.Index(fields=["state"], name="protection_hand_over_state"),
        )

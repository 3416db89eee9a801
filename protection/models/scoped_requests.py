"""What opens documents beyond their policies: asked for with a reason, approved by another person, within a scope."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class ApprovalState(models.TextChoices):
    """How far a request is.

    ``WAITING`` is for another person's approval, ``LAPSED`` what nobody answered in time.  It is ``ACTIVE`` until it is
    ended or the worker has found its time over; what opens nothing any more is said by its times.
    """

    WAITING = "waiting", "Waiting"
    ACTIVE = "active", "Active"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "Lapsed"
    ENDED = "ended", "Ended"


class ScopedRequest(models.Model):
    """What super-user grants and read permissions have in common.

    ``holder`` is who opens by it.  The scope is everything that meets all of its conditions; without one it is
    everything.  ``answered_by`` is who approved or declined it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.PositiveIntegerField(unique=True)
    holder = models.UUIDField()
    holder_address = models.CharField(max_length=320)
    cids = ArrayField(models.UUIDField(), null=True)
    template_id = models.UUIDField(null=True)
    label_id = models.UUIDField(null=True)
    owner_id = models.UUIDField(null=True)
    owner_address = models.CharField(max_length=320, db_default="")
    group_id = models.UUIDField(null=True)
    group_address = models.CharField(max_length=320, db_default="")
    protected_from = models.DateTimeField(null=True)
    protected_until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500)
    case_number = models.CharField(max_length=100, db_default="")
    asked_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=16, choices=ApprovalState.choices, default=ApprovalState.WAITING)
    answered_by = models.UUIDField(null=True)
    answered_address = models.CharField(max_length=320, db_default="")
    answered_at = models.DateTimeField(null=True)
    starts = models.DateTimeField(null=True)
    ends = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)
    ended_address = models.CharField(max_length=320, db_default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Each kind has a table of its own."""

        abstract = True

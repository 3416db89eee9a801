"""Documents that nobody has a reason to open, and the alarms that their openings raise."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from protection.models.content import Content


class Decoy(models.Model):
    """A time during which a document is a decoy; it ends when the mark is removed, and the row stays.

    A worker looks at events some time after they happened, so it must know what was a decoy at that moment.
    """

    content = models.ForeignKey(Content, models.PROTECT, related_name="+")
    marked_by = models.UUIDField()
    marked_address = models.CharField(max_length=320)
    marked_at = models.DateTimeField(db_default=Now())
    note = models.CharField(max_length=500, db_default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """A document is marked once at a time."""

        constraints = (
            models.UniqueConstraint(
                fields=["content"], condition=models.Q(ended_at=None), name="protection_decoy_marked_once"
            ),
        )
        indexes = (models.Index(fields=["-marked_at", "id"], name="protection_decoy_newest"),)


class AlarmCursor(models.Model):
    """One row: the last event of the ledger that was looked at for alarms."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    epoch = models.PositiveIntegerField()
    seq = models.BigIntegerField()

    class Meta:
        """Exactly one row."""

        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="protection_one_alarm_cursor"),)


class AskedAbout(models.Model):
    """The documents that an event is about where it is about many; kept until the worker has looked at the event.

    All of them are kept, whichever are decoys: who answers the question must not know.
    """

    event_id = models.UUIDField(primary_key=True)
    contents = ArrayField(models.UUIDField())


class Alarm(models.Model):
    """What one person did with one decoy within some minutes; names are in the events, where they can be erased.

    ``event_id`` is the first of these events.  ``under_grant`` tells those under a super-user grant apart, which owners
    see later.  ``mailed_at`` is null until the mail about it is written.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    content = models.ForeignKey(Content, models.PROTECT, related_name="+")
    person_id = models.UUIDField(null=True)
    under_grant = models.BooleanField()
    event_id = models.UUIDField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    opened = models.PositiveIntegerField(db_default=0)
    refused = models.PositiveIntegerField(db_default=0)
    other = models.PositiveIntegerField(db_default=0)
    mailed_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.UUIDField(null=True)
    acknowledged_address = models.CharField(max_length=320, db_default="")
    note = models.CharField(max_length=500, db_default="")

    class Meta:
        """Lists show the newest first; pages count what waits, and a worker looks for what is to be mailed."""

        indexes = (
            models.Index(fields=["-first_at", "id"], name="protection_alarm_newest"),
            models.Index(fields=["content", "person_id", "-first_at"], name="protection_alarm_group"),
            models.Index(fields=["content"], name="protection_alarm_waiting", condition=models.Q(acknowledged_at=None)),
            models.Index(fields=["id"], name="protection_alarm_unmailed", condition=models.Q(mailed_at=None)),
            models.Index(
                fields=["mailed_at"], name="protection_alarm_mailed", condition=models.Q(mailed_at__isnull=False)
            ),
        )

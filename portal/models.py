"""The portal's tables, in the shared schema: answers to writes that a client may repeat, and mail to be sent."""

from uuid import uuid4

from django.db import models
from django.db.models.functions import Now


class IdempotentAnswer(models.Model):
    """The answer to one write, under the hash of organization, person, call and the client's key.

    Written in the transaction of the write itself: either both are there or neither, whatever fails in between.
    """

    name = models.BinaryField(primary_key=True)
    body = models.BinaryField()
    status = models.PositiveSmallIntegerField(null=True)
    data = models.JSONField(null=True)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Old answers are deleted by their age."""

        indexes = (models.Index(fields=["made_at"], name="portal_answer_age"),)


class Notification(models.Model):
    """One mail, written in the transaction of what it tells and sent by a worker afterwards.

    The message is sealed under the root key, since it may hold a code that signs somebody in, and a dump of the
    database opens nothing.  It is forgotten when it has been sent, except in the embedded mode, whose outbox shows it.
    """

    id = models.UUIDField(primary_key=True, default=uuid4)
    sealed = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=64, default="", db_default="")
    """Why it has not been sent yet, or never will be: the name of the error, which names nobody."""

    class Meta:
        """A worker looks for what is due once a second."""

        indexes = (
            models.Index(
                fields=["due_at"], name="portal_notification_due", condition=models.Q(sent_at=None, failed_at=None)
            ),
        )

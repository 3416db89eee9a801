"""The portal's only table: answers to writes that a client may repeat."""

from django.db import models
from django.db.models.functions import Now


class IdempotentAnswer(models.Model):
    """The answer to one write, under the hash of organization, person, call and the client's key.

    Written in the transaction of the write itself: either both are there or neither, whatever dies in between.
    """

    name = models.BinaryField(primary_key=True)
    body = models.BinaryField()
    status = models.PositiveSmallIntegerField(null=True)
    data = models.JSONField(null=True)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Old answers are deleted by their age."""

        indexes = (models.Index(fields=["made_at"], name="portal_answer_age"),)

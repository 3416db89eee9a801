"""Revocations that were set for a moment to come."""

import uuid

from django.db import models
from django.db.models.functions import Now

from protection.models.content import Content


class ScheduledRevocation(models.Model):
    """Access to a document that ends at a moment, in seconds since 1970: for everybody, or for one recipient.

    The decision reads this row, so the end needs nobody to be true; a worker turns it into a revocation like any other,
    with its event and its mails.  ``address`` and ``identity`` are as in ``ContentRevocation``, "" for everybody.
    ``set_by`` are the facts of who set it, which the event names again; ``by_administrator`` that their role let them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    content = models.ForeignKey(Content, models.PROTECT, related_name="scheduled_revocations")
    address = models.CharField(max_length=320, db_default="")
    identity = models.UUIDField(null=True)
    at = models.BigIntegerField()
    issuer_too = models.BooleanField(db_default=False)
    reason = models.CharField(max_length=500, db_default="")
    message = models.CharField(max_length=500, db_default="")
    successor_id = models.UUIDField(null=True)
    set_by = models.JSONField()
    by_administrator = models.BooleanField()
    set_at = models.DateTimeField(db_default=Now())

    class Meta:
        """One for each recipient and document; the index serves lists and the worker, which looks for what is due."""

        constraints = (models.UniqueConstraint(fields=["content", "address"], name="protection_scheduled_once"),)
        indexes = (models.Index(fields=["at", "id"], name="protection_scheduled_at"),)

"""The tables of the ledger, written by SQL in ``audit/statements.py`` and read by ``audit/selectors``.

``Event`` is INSERT only; what may be erased is kept apart in ``EventPersonal``; numbers come later and are kept apart
in ``EventSequence``, because a row that has been written is never changed.  ``audit/grants.sql`` withholds the rest
from the application's role.  See docs/protocol.md P27.
"""

from django.db import models
from django.db.models import Func
from django.db.models.functions import Now


class TransactionId(models.Field):  # type: ignore[type-arg]  # the stubs ask for types that a raw xid8 does not have
    """PostgreSQL's 64-bit transaction id, by which the sequencer knows which rows can still change."""

    def db_type(self, connection: object) -> str:
        """Return the column type."""
        return "xid8"


class CurrentTransactionId(Func):
    """``pg_current_xact_id()``."""

    function = "pg_current_xact_id"
    template = "%(function)s()"
    output_field = TransactionId()


class Event(models.Model):
    """One thing that happened.  ``content_id`` is the document's id where the event is about one."""

    id = models.UUIDField(primary_key=True)
    received_at = models.DateTimeField(db_default=Now())
    transaction = TransactionId(db_default=CurrentTransactionId())
    kind = models.CharField(max_length=64)
    outcome = models.CharField(max_length=16)
    reason = models.CharField(max_length=64, db_default="")
    content_id = models.UUIDField(null=True)
    source = models.CharField(max_length=64, db_default="")
    details_digest = models.BinaryField(null=True)
    personal_commitment = models.BinaryField(null=True)

    class Meta:
        """The indexes serve the sequencer, the audit page, a document's page and how often each was opened."""

        indexes = (
            models.Index(fields=["transaction"], name="audit_event_transaction"),
            models.Index(fields=["-received_at", "id"], name="audit_event_newest"),
            models.Index(fields=["content_id", "-received_at"], name="audit_event_content"),
            models.Index(
                fields=["content_id", "outcome"], condition=models.Q(kind="content.opened"), name="audit_event_opened"
            ),
            models.Index(
                fields=["content_id", "outcome", "reason"],
                condition=models.Q(kind="content.reported"),
                name="audit_event_reported",
            ),
        )


class EventPersonal(models.Model):
    """Personal data of one event; erased on request without breaking the tree.

    ``record`` is the canonical JSON that the commitment covers; person and device are repeated for searching.
    """

    event_id = models.UUIDField(primary_key=True)
    person_id = models.UUIDField(null=True)
    device_id = models.UUIDField(null=True)
    record = models.TextField()
    salt = models.BinaryField()

    class Meta:
        """Tracking asks for all events of a person."""

        indexes = (models.Index(fields=["person_id"], name="audit_personal_person"),)


class EventDetails(models.Model):
    """Values too large or too varied for the event row, by digest of their canonical JSON.

    Usually one row for each digest, but nothing insists on it: with a unique index, two open transactions that record
    the same details would wait for each other.  Rows of the same digest hold the same, so a reader takes any.
    """

    digest = models.BinaryField()
    body = models.TextField()

    class Meta:
        """Found by digest."""

        indexes = (models.Index(fields=["digest"], name="audit_details_digest"),)


class EventSequence(models.Model):
    """The place of an event in the tree of its epoch, given after its transaction is settled."""

    pk = models.CompositePrimaryKey("epoch", "seq")
    epoch = models.PositiveIntegerField()
    seq = models.BigIntegerField()
    event_id = models.UUIDField(unique=True)
    leaf_hash = models.BinaryField()


class Ledger(models.Model):
    """The head of the tree: one row per epoch; an epoch begins when the organization is made or restored.

    ``horizon`` is the transaction id below which every event has been numbered; ``frontier`` the concatenated hashes
    of the complete subtrees along the right edge.
    """

    epoch = models.PositiveIntegerField(primary_key=True)
    origin = models.CharField(max_length=255)
    size = models.BigIntegerField(default=0)
    root = models.BinaryField()
    frontier = models.BinaryField(default=b"")
    horizon = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(db_default=Now())


class Tile(models.Model):
    """Hashes of the tree in tiles of 256 (C2SP tlog-tiles)."""

    pk = models.CompositePrimaryKey("epoch", "level", "index")
    epoch = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()


class Checkpoint(models.Model):
    """A signed statement of size and root, one per size."""

    pk = models.CompositePrimaryKey("epoch", "size")
    epoch = models.PositiveIntegerField()
    size = models.BigIntegerField()
    note = models.TextField()
    signed_at = models.DateTimeField(db_default=Now())


class UnauthenticatedRequests(models.Model):
    """Requests without a valid token, counted per minute and address instead of recorded one by one (P29)."""

    pk = models.CompositePrimaryKey("minute", "address")
    minute = models.DateTimeField()
    address = models.CharField(max_length=64)
    count = models.BigIntegerField()


class ReportedEvent(models.Model):
    """The inbox: events that clients report, durable before the API answers, moved into the ledger by a worker.

    ``event_id`` is derived from device and the client's own id, so that reporting twice records once.
    """

    event_id = models.UUIDField(primary_key=True)
    received_at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=64)
    outcome = models.CharField(max_length=16)
    reason = models.CharField(max_length=64, db_default="")
    content_id = models.UUIDField(null=True)
    source = models.CharField(max_length=64, db_default="")
    details_digest = models.BinaryField(null=True)
    details = models.TextField(null=True)
    personal_commitment = models.BinaryField(null=True)
    person_id = models.UUIDField(null=True)
    device_id = models.UUIDField(null=True)
    record = models.TextField()
    salt = models.BinaryField()

    class Meta:
        """The worker takes the oldest first."""

        indexes = (models.Index(fields=["received_at"], name="audit_reported_oldest"),)

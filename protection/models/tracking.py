"""What is kept so that owners hear of what happens to their documents, and as much of it as the organization shows."""

import uuid

from django.db import models
from django.db.models.functions import Now


class Tracking(models.TextChoices):
    """What owners see of those who open their documents (promise C90)."""

    NAMED = "named", "Names"
    PSEUDONYMOUS = "pseudonymous", "Counts without names"
    OFF = "off", "Nothing"


class NoticeOf(models.TextChoices):
    """Of what a person wants mail."""

    EVERY = "every", "Every opening and refusal"
    FIRST = "first", "The first opening by each person"
    REFUSALS = "refusals", "Refusals"
    DAILY = "daily", "One mail a day"
    NONE = "none", "No mail"


class NoticeChoice(models.Model):
    """What a person wants mail about: for one document, or without ``content_id`` for all that they decide about.

    ``zone`` is not kept here: a mail is written in the zone that its reader has when it is written.
    """

    person_id = models.UUIDField()
    content_id = models.UUIDField(null=True)
    of = models.CharField(max_length=16, choices=NoticeOf.choices)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        """One choice for each document and one for all."""

        constraints = (
            models.UniqueConstraint(
                fields=["person_id", "content_id"], name="protection_notice_choice_once", nulls_distinct=False
            ),
        )
        indexes = (models.Index(fields=["content_id"], name="protection_notice_document"),)


class NoticeCursor(models.Model):
    """One row: the last event of the ledger that was looked at for notices and for what is new."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    epoch = models.PositiveIntegerField()
    seq = models.BigIntegerField()

    class Meta:
        """Exactly one row."""

        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="protection_one_notice_cursor"),)


class Notice(models.Model):
    """An event that one person is to be mailed about, from ``due_at`` on; ``mail`` is the mail that it went into."""

    pk = models.CompositePrimaryKey("person_id", "event_id")
    person_id = models.UUIDField()
    event_id = models.UUIDField()
    content_id = models.UUIDField()
    due_at = models.DateTimeField()
    daily = models.BooleanField()
    mail = models.UUIDField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        """A worker looks for what is due, counts what a person was mailed lately, and forgets the old ones."""

        indexes = (
            models.Index(fields=["due_at"], name="protection_notice_due", condition=models.Q(mailed_at=None)),
            models.Index(fields=["person_id", "mailed_at"], name="protection_notice_mailed"),
        )


class OwnerToTell(models.Model):
    """A document that an application has protected for a person, until they were mailed; ``due_at`` is null then."""

    content_id = models.UUIDField(primary_key=True)
    owner_id = models.UUIDField()
    issuer_id = models.UUIDField()
    application = models.CharField(max_length=200)
    title = models.CharField(max_length=255, blank=True)
    due_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        """A worker looks for what is due, and when an owner was told last."""

        indexes = (
            models.Index(fields=["due_at"], name="protection_owner_due", condition=models.Q(told_at=None)),
            models.Index(fields=["owner_id", "issuer_id"], name="protection_owner_issuer"),
        )


class News(models.Model):
    """When somebody else last opened a document that a person decides about."""

    pk = models.CompositePrimaryKey("person_id", "content_id")
    person_id = models.UUIDField()
    content_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        """Asked for by what is newer than a person's last visit."""

        indexes = (models.Index(fields=["person_id", "-at"], name="protection_news_newest"),)


class Visit(models.Model):
    """When a person was last here: ``seen_at`` moves on during a visit, ``before`` is the end of the one before."""

    person_id = models.UUIDField(primary_key=True)
    seen_at = models.DateTimeField()
    before = models.DateTimeField()


class Unmasking(models.Model):
    """A request to see who opened one document, or all of them, where the organization shows no names.

    It takes two people and two roles: who asks decides about the document or administers, who answers is an auditor.
    Without a document it asks to show names again from now on, to everybody who may see what readers do; with
    ``group_after`` to hide members of that group from now on instead of those of ``group_before``, the nil UUID for
    nobody.  ``group_address`` is what the new group was called when it was asked.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    content_id = models.UUIDField(null=True)
    asked_by = models.UUIDField()
    asked_address = models.CharField(max_length=320)
    asked_at = models.DateTimeField(db_default=Now())
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=16, db_default="waiting")
    answered_by = models.UUIDField(null=True)
    answered_address = models.CharField(max_length=320, db_default="")
    answered_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    group_before = models.UUIDField(null=True)
    group_after = models.UUIDField(null=True)
    group_address = models.CharField(max_length=320, db_default="")

    class Meta:
        """Lists show the newest first; each reading of events asks for what is approved."""

        indexes = (models.Index(fields=["state", "-asked_at"], name="protection_unmasking_state"),)

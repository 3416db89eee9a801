"""Access reviews: what somebody may is looked at by people who keep or remove it (decision 47)."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class ReviewKind(models.TextChoices):
    """What is reviewed; each item is of one of these."""

    ROLES = "roles", "Roles"
    SUPER_USERS = "super_users", "Super users"
    READ_PERMISSIONS = "read_permissions", "Read permissions"
    APPLICATIONS = "applications", "Applications"
    GUESTS = "guests", "Guests"
    GROUPS = "groups", "Members of groups"


class ReviewAnswer(models.TextChoices):
    """What became of an item; ``GONE`` ended otherwise before it was removed."""

    OPEN = "", "Open"
    KEPT = "kept", "Kept"
    REMOVED = "removed", "Removed"
    GONE = "gone", "Gone"


class Review(models.Model):
    """One review: a list of what was given when it began, people who answer, and a day by which they do.

    ``days`` is how long they have, ``every_months`` after how many months the next one begins, None for never.
    ``removes`` takes away by the due day what nobody kept; who started it is recorded as doing so, as ``started_by``
    has the members of ``Actor.as_json``.  ``reminded_at`` and ``told_at`` are when reviewers were mailed before and
    after the due day, ``next_at`` when the next one begins, None once it has.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=200)
    kinds = ArrayField(models.CharField(max_length=24))
    groups = ArrayField(models.UUIDField(), db_default=[])
    reviewers = ArrayField(models.UUIDField())
    reviewer_addresses = ArrayField(models.CharField(max_length=320))
    started_by = models.JSONField()
    started_at = models.DateTimeField(db_default=Now())
    days = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    every_months = models.PositiveSmallIntegerField(null=True)
    next_at = models.DateTimeField(null=True)
    removes = models.BooleanField(db_default=False)
    reminded_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_address = models.CharField(max_length=320, db_default="")

    class Meta:
        """Lists show the newest first."""

        indexes = (models.Index(fields=["-number"], name="protection_review_newest"),)


class ReviewItem(models.Model):
    """Something that somebody may: of the ``kind``, ``subject`` is the id of it where it stands.

    ``person`` is who may it, and does not answer about it.  ``group`` is the group of a member, or
    the one that holds a role.  ``what`` is a code or an address, ``whom`` how they are called.  ``failure`` says why it
    could not be removed.
    """

    id = models.BigAutoField(primary_key=True)
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="items")
    kind = models.CharField(max_length=24, choices=ReviewKind.choices)
    subject = models.CharField(max_length=320)
    person = models.UUIDField(null=True)
    group = models.UUIDField(null=True)
    whom = models.CharField(max_length=320)
    what = models.CharField(max_length=320, db_default="")
    since = models.DateTimeField(null=True)
    given_by = models.CharField(max_length=320, db_default="")
    last_used = models.DateTimeField(null=True)
    answer = models.CharField(max_length=16, choices=ReviewAnswer.choices, db_default="")
    reason = models.CharField(max_length=500, db_default="")
    answered_address = models.CharField(max_length=320, db_default="")
    answered_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=500, db_default="")

    class Meta:
        """A review shows its items in their order."""

        indexes = (models.Index(fields=["review", "id"], name="protection_review_items"),)

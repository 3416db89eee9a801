"""What applications may read beyond what policies grant them, and what they have read (docs/protocol.md P31)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from protection.models.scoped_requests import ScopedRequest


class ReadPermissionKind(models.TextChoices):
    """Whether an application reads by itself, or for people by what policies give them."""

    ALL = "all", "Read all"
    FOR_USER = "for_user", "Read for user"


class ReadPermission(ScopedRequest):
    """What one application, the holder, may read for a time.

    For whom a permission of the kind ``FOR_USER`` lets it read is said by ``people`` or ``people_group``; without both
    it is every member of the organization.  The addresses beside the ids are what these were called.
    """

    kind = models.CharField(max_length=16, choices=ReadPermissionKind.choices)
    people = ArrayField(models.UUIDField(), null=True)
    people_addresses = ArrayField(models.CharField(max_length=320), db_default=[])
    people_group = models.UUIDField(null=True)
    people_group_address = models.CharField(max_length=320, db_default="")
    days = models.PositiveSmallIntegerField()
    asked_by = models.UUIDField()
    asked_address = models.CharField(max_length=320)

    class Meta:
        """Lists show the newest first; the worker looks for those whose time is over."""

        indexes = (
            models.Index(fields=["-number"], name="protection_read_newest"),
            models.Index(fields=["state"], name="protection_read_state"),
            models.Index(fields=["holder"], name="protection_read_holder"),
        )


class ApplicationReading(models.Model):
    """One document that was read by a permission, written in the statement that records the event.

    An application that reads a document each night has one row for it, and one more for each person for whom it reads;
    ``last_event`` is the last of so many events.
    """

    id = models.BigAutoField(primary_key=True)
    permission_id = models.UUIDField()
    content_id = models.UUIDField()
    person_id = models.UUIDField(null=True)
    person_address = models.CharField(max_length=320, db_default="")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(db_default=1)
    last_event = models.UUIDField()

    class Meta:
        """A permission's page and a document's page look here."""

        constraints = (
            models.UniqueConstraint(
                fields=["permission_id", "content_id", "person_id"],
                nulls_distinct=False,
                name="protection_reading",
            ),
        )
        indexes = (
            models.Index(fields=["content_id"], name="protection_reading_content"),
            models.Index(fields=["permission_id", "last_at"], name="protection_reading_last"),
        )

"""The organization's own settings of the service, and its revocation feed."""

import secrets

from django.db import models
from django.db.models.functions import Now

from protection.models.tracking import Tracking


def new_feed_secret() -> bytes:
    """Return the secret from which the feed ids of people are derived."""
    return secrets.token_bytes(32)


class ServiceSettings(models.Model):
    """One row: how the service behaves for this organization.

    ``max_license_days`` limits every use license, 0 means a license at each opening; ``longest_license_days`` is the
    highest it ever was, for as long must the feed remember.  ``lease_seconds`` is what an
    ad hoc policy gets when it names none.  ``registration_days`` is how long after a certificate's end an offline
    document is still believed (docs/protocol.md P5).  ``account_required`` keeps outsiders by code away (P22).
    ``tracking`` is what owners see of those who open their documents; of members of ``untracked_group`` they see
    nothing.
    ``super_users_on`` lets those who are listed and the members of one group ask for super-user grants (P21);
    ``super_users_group_by`` is who chose the group, ``notice_days`` after how long owners are told.
    ``alarm_address`` is mailed about alarms beside owners and auditors.
    ``budgets`` says that there is a budget, so that decisions read them only then (P29).
    ``owners_restore`` lets owners give back what an administrator took back (P18).
    ``protecting`` limits who protects, to groups and kinds of client (decision 46).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    organization_id = models.UUIDField()
    name = models.CharField(max_length=200)
    suite = models.CharField(max_length=16, db_default="hybrid")
    max_license_days = models.PositiveIntegerField(db_default=30)
    longest_license_days = models.PositiveIntegerField(db_default=30)
    lease_seconds = models.PositiveIntegerField(null=True, db_default=86_400)
    registration_days = models.PositiveIntegerField(db_default=90)
    keep_titles = models.BooleanField(db_default=True)
    account_required = models.BooleanField(db_default=False)
    tracking = models.CharField(max_length=16, choices=Tracking.choices, db_default=Tracking.NAMED)
    untracked_group = models.UUIDField(null=True)
    owners_restore = models.BooleanField(db_default=False)
    platforms_off = models.JSONField(default=list)
    conditions = models.JSONField(default=dict)
    protecting = models.JSONField(default=dict)
    contact = models.CharField(max_length=320, db_default="")
    alarm_address = models.CharField(max_length=320, db_default="")
    feed_secret = models.BinaryField(default=new_feed_secret)
    super_users_on = models.BooleanField(db_default=False)
    super_users_group = models.UUIDField(null=True)
    super_users_group_address = models.CharField(max_length=320, db_default="")
    super_users_group_by = models.UUIDField(null=True)
    super_users_group_at = models.DateTimeField(null=True)
    notice_days = models.PositiveSmallIntegerField(db_default=7)
    budgets = models.BooleanField(db_default=False)

    class Meta:
        """Exactly one row."""

        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="protection_one_settings_row"),)


class FeedHead(models.Model):
    """One row: the number of the newest revocation.  Whatever takes something away increments it (P24).

    ``withdrawn`` is the number of the newest one that was wider than one document: a person, a device, a template.
    ``gap`` is a checkpoint that a client knows and the ledger has forgotten: until an operator confirms that the
    database was restored, nothing is licensed.  It is here because every decision reads this row.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(db_default=0)
    withdrawn = models.BigIntegerField(db_default=0)
    gap = models.TextField(db_default="")

    class Meta:
        """Exactly one row."""

        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="protection_one_feed_head"),)


class FeedEntry(models.Model):
    """One revocation in the feed: invalidates licenses of a lower ``rev`` or issued before ``before``."""

    seq = models.BigIntegerField()
    feed_id = models.BinaryField()
    rev = models.PositiveIntegerField(null=True)
    before = models.BigIntegerField(null=True)
    drop_after = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Statements are made from the entries after a client's number."""

        indexes = (models.Index(fields=["seq"], name="protection_feed_seq"),)

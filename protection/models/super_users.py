"""Super users: who may ask for a grant, the grants, what was opened under them, and the keys for emergencies."""

import uuid

from django.db import models
from django.db.models.functions import Now

from protection.models.scoped_requests import ScopedRequest


class SuperUser(models.Model):
    """A person or application that may ask for a super-user grant; being here opens nothing.

    ``address`` is what they are called: an application has no address and is here by its name.
    """

    person_id = models.UUIDField(primary_key=True)
    address = models.CharField(max_length=320)
    application = models.BooleanField(db_default=False)
    added_by = models.UUIDField()
    added_at = models.DateTimeField(db_default=Now())


class SuperUserGrant(ScopedRequest):
    """What one person or application may open for a time although no policy lets them (docs/protocol.md P21).

    In an emergency two people approve: ``presented_by`` is who showed the first key;
    two people also approve what an application asks for, and it is who did so first.
    ``notice_days`` is after how many days owners are told what was opened, None for never, which takes a
    ``legal_ground``.
    """

    application = models.BooleanField(db_default=False)
    legal_ground = models.CharField(max_length=500, db_default="")
    notice_days = models.PositiveSmallIntegerField(null=True)
    hours = models.PositiveSmallIntegerField()
    presented_by = models.UUIDField(null=True)
    presented_address = models.CharField(max_length=320, db_default="")

    class Meta:
        """Lists show the newest first; the worker looks for those whose time is over."""

        indexes = (
            models.Index(fields=["-number"], name="protection_super_grant_newest"),
            models.Index(fields=["state"], name="protection_super_grant_state"),
        )


class SuperUserOpening(models.Model):
    """One license that was given under a grant, written in the statement that records its event.

    What a client reports of it, such as a removed protection, is a row as well; ``act`` says what it was.
    ``tell_at`` is when the owner is to be told, None for never or once they were; ``shown_at`` is from when on they see
    the event, None for never.
    """

    event_id = models.UUIDField(primary_key=True)
    grant_id = models.UUIDField()
    content_id = models.UUIDField()
    owner_id = models.UUIDField()
    owner_address = models.CharField(max_length=320)
    at = models.DateTimeField()
    act = models.CharField(max_length=16, db_default="opened")
    tell_at = models.DateTimeField(null=True)
    shown_at = models.DateTimeField(null=True)

    class Meta:
        """Reports read what belongs to a grant, the worker what is due, and owners' pages ask what is not shown."""

        indexes = (
            models.Index(fields=["grant_id", "at"], name="protection_super_opening_grant"),
            models.Index(fields=["shown_at"], name="protection_super_opening_shown"),
            models.Index(
                fields=["tell_at"], name="protection_super_opening_tell", condition=models.Q(tell_at__isnull=False)
            ),
        )


class RecoveryKey(models.Model):
    """One of the two keys by which two people approve a grant where nobody else could.

    ``digest`` is of the code that its keeper was shown once; None until then.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    person_id = models.UUIDField(unique=True)
    address = models.CharField(max_length=320)
    named_by = models.UUIDField()
    named_at = models.DateTimeField(db_default=Now())
    digest = models.BinaryField(null=True)
    shown_at = models.DateTimeField(null=True)

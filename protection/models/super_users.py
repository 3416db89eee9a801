"""Super users: who may ask for a grant, the grants, what was opened under them, and the keys for emergencies."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class SuperUser(models.Model):
    """A person or application that may ask for a super-user grant; being here opens nothing.

    ``address`` is what they are called: an application has no address and is here by its name.
    """

    person_id = models.UUIDField(primary_key=True)
    address = models.CharField(max_length=320)
    application = models.BooleanField(db_default=False)
    added_by = models.UUIDField()
    added_at = models.DateTimeField(db_default=Now())


class SuperUserGrantState(models.TextChoices):
    """How far a grant is.

    ``WAITING`` is for another person's approval, ``LAPSED`` what nobody answered in time.  A grant is ``ACTIVE`` until
    it is ended or the worker has found its time over; what opens nothing any more is said by its times.
    """

    WAITING = "waiting", "Waiting"
    ACTIVE = "active", "Active"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "Lapsed"
    ENDED = "ended", "Ended"


class SuperUserGrant(models.Model):
    """What one person or application may open for a time although no policy lets them (docs/protocol.md P21).

    The scope is everything that meets all of its conditions; without one it is everything.  ``answered_by`` is who
    approved or declined it.  In an emergency two people approve: ``presented_by`` is who showed the first key;
    two people also approve what an application asks for, and it is who did so first.
    ``notice_days`` is after how many days owners are told what was opened, None for never, which takes a
    ``legal_ground``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.PositiveIntegerField(unique=True)
    holder = models.UUIDField()
    holder_address = models.CharField(max_length=320)
    application = models.BooleanField(db_default=False)
    cids = ArrayField(models.UUIDField(), null=True)
    template_id = models.UUIDField(null=True)
    label_id = models.UUIDField(null=True)
    owner_id = models.UUIDField(null=True)
    owner_address = models.CharField(max_length=320, db_default="")
    group_id = models.UUIDField(null=True)
    group_address = models.CharField(max_length=320, db_default="")
    protected_from = models.DateTimeField(null=True)
    protected_until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500)
    case_number = models.CharField(max_length=100, db_default="")
    legal_ground = models.CharField(max_length=500, db_default="")
    notice_days = models.PositiveSmallIntegerField(null=True)
    hours = models.PositiveSmallIntegerField()
    asked_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=16, choices=SuperUserGrantState.choices, default=SuperUserGrantState.WAITING)
    answered_by = models.UUIDField(null=True)
    answered_address = models.CharField(max_length=320, db_default="")
    answered_at = models.DateTimeField(null=True)
    presented_by = models.UUIDField(null=True)
    presented_address = models.CharField(max_length=320, db_default="")
    starts = models.DateTimeField(null=True)
    ends = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)
    ended_address = models.CharField(max_length=320, db_default="")
    ended_at = models.DateTimeField(null=True)

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

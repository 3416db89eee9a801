"""Who asked for access to a document, what was answered, and what one person was given beside the policy."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from protection.models.content import Content


class RequestState(models.TextChoices):
    """How far a request has come; it is answered once."""

    OPEN = "open", "Open"
    GRANTED = "granted", "Granted"
    DECLINED = "declined", "Declined"


class AccessRequest(models.Model):
    """A refused person's question to a person who may give access.

    ``place`` is the name of that organization of theirs which had proven the domain of their address when they asked;
    ``reason`` why they were refused then.  ``wanted`` is the level they ask for.  ``rights`` and ``until`` are what
    they were given.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    content = models.ForeignKey(Content, models.PROTECT, related_name="access_requests")
    person_id = models.UUIDField()
    address = models.CharField(max_length=320)
    name = models.CharField(max_length=200, db_default="")
    place = models.CharField(max_length=200, db_default="")
    reason = models.CharField(max_length=64)
    wanted = models.CharField(max_length=16)
    note = models.CharField(max_length=500, db_default="")
    state = models.CharField(max_length=16, choices=RequestState.choices, db_default=RequestState.OPEN)
    asked_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True)
    answered_by = models.UUIDField(null=True)
    message = models.CharField(max_length=500, db_default="")
    rights = models.JSONField(null=True)
    until = models.BigIntegerField(null=True)

    class Meta:
        """One open request for each person and document; the indexes serve "what waits" and "what did they ask"."""

        constraints = (
            models.UniqueConstraint(
                fields=["content", "person_id"], condition=Q(state="open"), name="protection_request_open_once"
            ),
        )
        indexes = (
            models.Index(fields=["state", "-asked_at"], name="protection_request_waiting"),
            models.Index(fields=["person_id", "-asked_at"], name="protection_request_person"),
        )


class PersonalGrant(models.Model):
    """Rights that one person has on one document beside its policy; the decision reads this row.

    ``until`` is in seconds since 1970, None for no end of its own.  The row stays when it has ended, so that it can be
    seen that and until when there was access.
    """

    content = models.ForeignKey(Content, models.PROTECT, related_name="personal_grants")
    person_id = models.UUIDField()
    address = models.CharField(max_length=320)
    rights = models.JSONField()
    until = models.BigIntegerField(null=True)
    given_at = models.DateTimeField(db_default=Now())
    given_by = models.UUIDField()

    class Meta:
        """One for each person and document: giving again replaces it."""

        constraints = (models.UniqueConstraint(fields=["content", "person_id"], name="protection_given_once"),)

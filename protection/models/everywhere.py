"""One person, group or domain replaced, added or removed in the policies of many documents at once."""

import uuid

from django.db import models
from django.db.models.functions import Now

from protection.models.content import Content


class EverywhereState(models.TextChoices):
    """How far a change of many documents is."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    UNDOING = "undoing", "Undoing"
    UNDONE = "undone", "Undone"


class EverywhereAct(models.TextChoices):
    """What is done with the entry."""

    REPLACE = "replace", "Replace"
    ADD = "add", "Add"
    REMOVE = "remove", "Remove"


class EverywhereChange(models.Model):
    """A change of many documents, carried out in batches of one transaction each.

    ``who`` is the entry that is removed or replaced, ``to`` the one that takes its place or is added, with ``rights``
    until ``until``.  It means the documents that ``asked_by`` decides about, or with ``administrator`` all, of
    ``owner_id``, under a template or label, protected in a time, where such is named.  ``last`` is the document that
    was looked at last: after an interruption it goes on behind it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    act = models.CharField(max_length=16, choices=EverywhereAct.choices)
    who = models.CharField(max_length=400, db_default="")
    to = models.CharField(max_length=400, db_default="")
    rights = models.JSONField(null=True)
    until = models.BigIntegerField(null=True)
    administrator = models.BooleanField()
    owner_id = models.UUIDField(null=True)
    template_id = models.UUIDField(null=True)
    label_id = models.UUIDField(null=True)
    protected_from = models.DateTimeField(null=True)
    protected_until = models.DateTimeField(null=True)
    asked_by = models.JSONField()
    reason = models.CharField(max_length=500, db_default="")
    asked_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=16, choices=EverywhereState.choices)
    last = models.UUIDField(null=True)
    total = models.PositiveIntegerField(db_default=0)
    done = models.PositiveIntegerField(db_default=0)
    changed = models.PositiveIntegerField(db_default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Lists show the newest first; the worker looks for those that run."""

        indexes = (
            models.Index(fields=["-asked_at", "id"], name="protection_everywhere_newest"),
            models.Index(fields=["state"], name="protection_everywhere_state"),
        )


class EverywhereOutcome(models.Model):
    """What became of one document: its policy before and after, or why it was left as it was."""

    change = models.ForeignKey(EverywhereChange, models.CASCADE, related_name="outcomes")
    content = models.ForeignKey(Content, models.PROTECT, related_name="+")
    skipped = models.CharField(max_length=32, db_default="")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    undone = models.BooleanField(db_default=False)

    class Meta:
        """One for each document of a change, in the order in which they are worked on."""

        constraints = (models.UniqueConstraint(fields=["change", "content"], name="protection_everywhere_once"),)

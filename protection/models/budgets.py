"""How many documents a person may open within some time, and who was paused for opening more.

``BudgetUse`` and ``CountedOpening`` are written in the statement that records openings; a decision counts by them
exactly, however many requests of one person come at once (decision 33).
"""

import uuid

from django.db import models
from django.db.models.functions import Now


class BudgetFor(models.TextChoices):
    """Whom a budget is for; it counts for each of them by themselves."""

    PEOPLE = "people", "All people"
    OUTSIDERS = "outsiders", "Guests and people from elsewhere"
    GROUP = "group", "Members of a group"
    PERSON = "person", "One person"
    APPLICATIONS = "applications", "All applications"


class Budget(models.Model):
    """``openings`` within ``seconds``; ``subject_id`` is the group or person, ``subject_address`` how they are called.

    ``counts_grants`` says whether openings under super-user grants count.  ``forgets_copies`` makes a pause invalidate
    what the person's devices keep.  The owner is told of pauses and ends them, as administrators do.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    openings = models.PositiveIntegerField()
    seconds = models.PositiveIntegerField()
    who = models.CharField(max_length=16, choices=BudgetFor.choices)
    subject_id = models.UUIDField(null=True)
    subject_address = models.CharField(max_length=320, db_default="")
    counts_grants = models.BooleanField(db_default=True)
    forgets_copies = models.BooleanField(db_default=False)
    owner_id = models.UUIDField()
    owner_address = models.CharField(max_length=320)
    made_by = models.UUIDField()
    made_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        """Decisions read those that hold."""

        indexes = (
            models.Index(fields=["made_at"], name="protection_budget_holds", condition=models.Q(removed_at=None)),
        )


class BudgetUse(models.Model):
    """How many openings of one person were counted so far; only ever more.

    ``granted`` of them were under super-user grants.  ``floor`` and ``own_floor`` are what ``taken``, and ``taken``
    without those, were when a pause ended: nothing before that counts any more.
    """

    person_id = models.UUIDField(primary_key=True)
    taken = models.BigIntegerField()
    granted = models.BigIntegerField(db_default=0)
    floor = models.BigIntegerField(db_default=0)
    own_floor = models.BigIntegerField(db_default=0)


class CountedOpening(models.Model):
    """When a device of a person was last counted for a document, and what the person's counts were before that.

    So what was taken within a window is the present count without the one before the window's first opening.
    """

    pk = models.CompositePrimaryKey("person_id", "device_id", "content_id")
    person_id = models.UUIDField()
    device_id = models.UUIDField()
    content_id = models.UUIDField()
    at = models.DateTimeField()
    before = models.BigIntegerField()
    own_before = models.BigIntegerField()

    class Meta:
        """A decision looks for the first one within a window, a worker for those that are old."""

        indexes = (
            models.Index(fields=["person_id", "at"], name="protection_counted_window"),
            models.Index(fields=["at"], name="protection_counted_old"),
        )


class Pause(models.Model):
    """A person gets no licenses from ``began_at`` until ``ended_at``; written with the refusal that began it.

    ``budget_id`` is the budget that was used up.  ``ended_as`` is ``confirmed`` by the person, ``released`` by another
    one, or ``removed`` with its budget.  ``told_at`` is null until a worker has recorded and mailed it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    person_id = models.UUIDField()
    address = models.CharField(max_length=320, db_default="")
    name = models.CharField(max_length=200, db_default="")
    application = models.BooleanField(db_default=False)
    budget = models.ForeignKey(Budget, models.PROTECT, related_name="pauses")
    began_at = models.DateTimeField(db_default=Now())
    told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_as = models.CharField(max_length=16, db_default="")
    ended_by = models.UUIDField(null=True)
    ended_address = models.CharField(max_length=320, db_default="")
    note = models.CharField(max_length=500, db_default="")

    class Meta:
        """A person is paused once at a time."""

        constraints = (
            models.UniqueConstraint(
                fields=["person_id"], condition=models.Q(ended_at=None), name="protection_paused_once"
            ),
        )
        indexes = (
            models.Index(fields=["-began_at", "id"], name="protection_pause_newest"),
            models.Index(fields=["id"], name="protection_pause_untold", condition=models.Q(told_at=None)),
        )

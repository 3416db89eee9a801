"""Directory servers of organizations (LDAP), runs that read them, and what each run found.

A server is a provisioning connection that asks instead of being asked: it acts as the same application, and what it
said about people and groups is kept in the same tables (decision 36).
"""

import uuid

from django.db import models
from django.db.models.functions import MD5, Now

from tenants.connections.models import Connection
from tenants.directory.managers import OfOrganization
from tenants.organizations.models import Organization


class DirectoryServer(models.Model):
    """One server of one organization.

    ``authority`` is the certificate, as PEM, that signs the server's; "" for what the machine trusts.
    ``sealed_password`` is the bind account's, sealed by the portal.  ``attributes`` say which attribute holds what.
    ``every_minutes`` is how often changes are read, 0 for never; everything is read once a day.  More than
    ``most_percent`` of the people or groups that come from here, and more than five, are not taken away by a run before
    an administrator has looked at it.  ``cursor`` is up to where changes were read, None before the first
    complete run.  ``failures`` are the failed runs since the last good one; ``locked_out`` is set when the server has
    refused the password, and nothing asks it by itself then.
    """

    connection = models.OneToOneField(Connection, primary_key=True, on_delete=models.CASCADE, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    security = models.CharField(max_length=10)
    authority = models.TextField(blank=True)
    bind_name = models.CharField(max_length=500, blank=True)
    sealed_password = models.BinaryField(null=True)
    people_base = models.CharField(max_length=500)
    people_filter = models.CharField(max_length=2000)
    groups_base = models.CharField(max_length=500, blank=True)
    groups_filter = models.CharField(max_length=2000, blank=True)
    attributes = models.JSONField(default=dict)
    every_minutes = models.PositiveIntegerField(default=0)
    most_percent = models.PositiveSmallIntegerField(default=10)
    cursor = models.JSONField(null=True)
    changed_until = models.DateTimeField(null=True)
    complete_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    locked_out = models.BooleanField(default=False)

    objects = OfOrganization["DirectoryServer"]()

    def __str__(self) -> str:
        return self.host


class Run(models.Model):
    """One reading of a server: complete, of changes alone, or to try without changing anything.

    What it found is in rows, and how far it is stands in ``state`` and in these: a worker that is killed is followed by
    another one from ``busy_until`` on; ``attempts`` are those that came no further since.  ``failure`` and ``remedy``
    are texts with their values, which are translated for whoever reads them.  ``let_through`` says that an
    administrator has read whom it takes away.
    """

    class Mode(models.TextChoices):
        """What is read, and whether anything is changed."""

        COMPLETE = "complete"
        CHANGES = "changes"
        TRY = "try"

    class State(models.TextChoices):
        """How far it is; the last four are ends, except that a stopped one may be let through."""

        WAITING = "waiting"
        COMPARING = "comparing"
        CHANGING = "changing"
        STOPPED = "stopped"
        DONE = "done"
        FAILED = "failed"
        ABANDONED = "abandoned"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    server = models.ForeignKey(DirectoryServer, on_delete=models.CASCADE, related_name="runs")
    mode = models.CharField(max_length=10, choices=Mode.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    asked_by = models.UUIDField(null=True)
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)
    busy_until = models.DateTimeField(null=True)
    let_through = models.BooleanField(default=False)
    cursor = models.JSONField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    counts = models.JSONField(default=dict)
    reason = models.CharField(max_length=20, blank=True)
    failure = models.JSONField(default=dict)
    remedy = models.JSONField(default=dict)

    objects = OfOrganization["Run"]()

    class Meta:
        """One at a time for each server, and found newest first."""

        constraints = [
            models.UniqueConstraint(
                fields=["server"],
                condition=models.Q(state__in=["waiting", "comparing", "changing"]),
                name="directory_servers_one_run",
            )
        ]
        indexes = [models.Index(fields=["server", "-asked_at"], name="directory_servers_recent_runs")]

    def __str__(self) -> str:
        return f"{self.mode} {self.state}"


class Found(models.Model):
    """One person or group that a run found, or that it misses.

    ``key`` is the distinguished name in the form in which two spellings are the same, ``label`` what people read, and
    ``wanted`` how the server says they are.  ``outcome`` is what the comparison came to, ``changes`` in lines that
    people read, ``reason`` why it was set aside.  ``done`` says that it is carried out, so that nothing is done twice,
    ``members_done`` the same of the members of a group.
    """

    class Kind(models.TextChoices):
        """What it is."""

        PERSON = "person"
        GROUP = "group"

    class Outcome(models.TextChoices):
        """What the comparison came to; "" is not compared yet."""

        UNKNOWN = ""
        SAME = "same"
        ADD = "add"
        CHANGE = "change"
        DISABLE = "disable"
        REMOVE = "remove"
        SET_ASIDE = "set_aside"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="found")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    external_id = models.CharField(max_length=255)
    key = models.TextField(blank=True)
    address = models.CharField(max_length=254, blank=True)
    label = models.CharField(max_length=300)
    wanted = models.JSONField(default=dict)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default=Outcome.UNKNOWN)
    changes = models.JSONField(default=list)
    reason = models.JSONField(default=dict)
    done = models.BooleanField(default=False)
    members_done = models.BooleanField(default=True)

    class Meta:
        """Each once in a run; read by what is to be done next, and by address."""

        constraints = [
            models.UniqueConstraint(fields=["run", "kind", "external_id"], name="directory_servers_found_once")
        ]
        indexes = [
            models.Index(fields=["run", "outcome", "id"], name="directory_servers_by_outcome"),
            models.Index(fields=["run", "address"], name="directory_servers_by_address"),
            models.Index("run", MD5("key"), name="directory_servers_found_name"),
        ]

    def __str__(self) -> str:
        return self.label


class Known(models.Model):
    """Which distinguished name a person or group had last: groups name their members by it.

    ``resource_id`` is the person's or group's id here.
    """

    server = models.ForeignKey(DirectoryServer, on_delete=models.CASCADE, related_name="known")
    kind = models.CharField(max_length=6, choices=Found.Kind.choices)
    external_id = models.CharField(max_length=255)
    key = models.TextField()
    resource_id = models.UUIDField()

    class Meta:
        """Found by name and by id."""

        constraints = [
            models.UniqueConstraint(fields=["server", "kind", "external_id"], name="directory_servers_known_once")
        ]
        indexes = [models.Index("server", MD5("key"), name="directory_servers_known_name")]

    def __str__(self) -> str:
        return self.key

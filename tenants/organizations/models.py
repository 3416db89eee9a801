"""Organizations, the hosts they live on, and what operators did to them.

These rows are in the shared schema.  Everything that is an organization's own is in its schema, so nothing here
has a foreign key that crosses into one.
"""

import uuid

from django.db import models
from django.db.models.functions import Now


class Organization(models.Model):
    """One organization: its identity, its schema, its state.

    ``directory_epoch`` rises in the same transaction as every change to the organization's people, groups, addresses,
    memberships and devices; a decision that was made on an older epoch is made again (docs/protocol.md P25).
    ``individuals_domain`` is the mail domain of an organization that nobody administers: people whose organization is
    unknown protect there.  A personal organization is of a public mail domain, and of ``individuals_person``.
    """

    class State(models.TextChoices):
        """Whether the organization may act."""

        ACTIVE = "active"
        SUSPENDED = "suspended"
        ERASED = "erased"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    schema_name = models.CharField(max_length=63, unique=True, editable=False)
    slug = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=State.choices, default=State.ACTIVE)
    service_active = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    directory_epoch = models.BigIntegerField(default=1, editable=False)
    individuals_domain = models.CharField(max_length=253, blank=True, db_default="", editable=False)
    individuals_person = models.UUIDField(null=True, editable=False)

    class Meta:
        """One organization without administrators for each mail domain, and one personal one for each person."""

        constraints = [
            models.UniqueConstraint(
                fields=["individuals_domain"],
                condition=~models.Q(individuals_domain="") & models.Q(individuals_person__isnull=True),
                name="organizations_individuals_of_domain",
            ),
            models.UniqueConstraint(fields=["individuals_person"], name="organizations_one_personal"),
        ]

    def __str__(self) -> str:
        return self.slug


class Host(models.Model):
    """A host name that leads to one organization: its own under the base domain, or a domain it brought along."""

    name = models.CharField(max_length=253, primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="hosts")
    is_primary = models.BooleanField(default=False)
    own_domain = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        """One host is the one that links point to."""

        constraints = [
            models.UniqueConstraint(
                fields=["organization"], condition=models.Q(is_primary=True), name="organizations_one_primary_host"
            )
        ]

    def __str__(self) -> str:
        return self.name


class OperatorRecord(models.Model):
    """What an operator of the installation did; rows are added and never changed (a trigger and the roles see to it).

    ``organization_id`` is no foreign key: the record outlives the organization.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(db_default=Now(), editable=False)
    kind = models.CharField(max_length=60)
    actor = models.CharField(max_length=200)
    organization_id = models.UUIDField(null=True, db_index=True)
    details = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.kind} by {self.actor}"

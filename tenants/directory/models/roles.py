"""Who holds which role, and who was told."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from tenants.directory.managers import OfOrganization
from tenants.directory.models.groups import Group
from tenants.directory.models.people import Person
from tenants.organizations.models import Organization


class RoleAssignment(models.Model):
    """A role that a person, an application (by the person it acts as) or a group holds in an organization.

    A group's members hold it while they are in the group.  After ``ends_at`` it is held no more, at that very moment:
    a sweep records it then and deletes the row.  ``for_group`` are those for whom alone an application writes by it; it
    ends with the group, since without one it would be for everybody.  ``warned_at`` is when the end was announced by
    mail.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=24)
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(db_default=Now(), editable=False)
    given_by = models.UUIDField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    for_group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="+")
    ends_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)

    objects = OfOrganization["RoleAssignment"]()

    class Meta:
        """A person or a group in each row, and each role once."""

        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, group__isnull=True) | Q(person__isnull=True, group__isnull=False),
                name="directory_role_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["organization", "role", "person", "group"],
                name="directory_role_held_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.organization_id}"


class RoleReceipt(models.Model):
    """That a person came to hold a role, by whom: for some days both count as one (docs/protocol.md P18).

    ``giver`` is null for an operator.  It stays when the role ends: a favour is not undone by taking it back.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    giver = models.UUIDField(null=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OfOrganization["RoleReceipt"]()

    def __str__(self) -> str:
        return f"role of {self.person_id}"

"""Groups, and who is in them."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from tenants.directory.managers import OfOrganization
from tenants.directory.models.people import Person
from tenants.organizations.models import Organization


class Group(models.Model):
    """A group of an organization.  Its address lies in a domain that the organization has proven.

    Otherwise a hostile organization could make a group under a partner's address and collect the grants to it.
    A group can be archived instead of deleted, since a deny entry may name it (docs/protocol.md P19).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="groups")
    address = models.CharField(max_length=254, unique=True)
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=500, blank=True)
    version = models.IntegerField(default=1)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OfOrganization["Group"]()

    def __str__(self) -> str:
        return self.address


class GroupClaim(models.Model):
    """The groups of another installation that a person is in, as their home has said (docs/protocol.md P32).

    ``home_id`` names the home.  What was said counts until ``until`` and is not asked for in between.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    home_id = models.UUIDField(db_index=True)
    addresses = ArrayField(models.CharField(max_length=254), default=list)
    until = models.DateTimeField()

    class Meta:
        """One row for each home of a person."""

        constraints = [models.UniqueConstraint(fields=["person", "home_id"], name="directory_one_claim_of_a_home")]

    def __str__(self) -> str:
        return f"groups of {self.person_id}"


class GroupMember(models.Model):
    """One member of a group: a person, another group of the same organization, or a bare address.

    An address that was added before it changed hands, or its domain did, gives nothing to its holder of now.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    member_group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="memberships")
    address = models.CharField(max_length=254, null=True, db_index=True)
    added_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OfOrganization["GroupMember"]()

    class Meta:
        """Exactly one kind of member in each row, and each member once."""

        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(person__isnull=False, member_group__isnull=True, address__isnull=True)
                    | Q(person__isnull=True, member_group__isnull=False, address__isnull=True)
                    | Q(person__isnull=True, member_group__isnull=True, address__isnull=False)
                ),
                name="directory_group_member_is_one_thing",
            ),
            models.UniqueConstraint(
                fields=["group", "person", "member_group", "address"],
                name="directory_group_member_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"member of {self.group_id}"

"""Who belongs where: the places of people in organizations."""

from django.db import models
from django.db.models.functions import Now

from tenants.directory.managers import OfOrganization
from tenants.directory.models.people import Person
from tenants.organizations.models import Organization


class Membership(models.Model):
    """A person's place in one organization: member or guest, perhaps disabled.

    ``address`` and ``name`` are what the organization itself entered.  Of a guest it sees these and nothing else: an
    invitation must not tell who holds an address, under which name and with which others.  ``added_by`` is the person
    who did so, since together they count as one (docs/protocol.md P18); who became a member by an address that they
    proved has added themselves.  A person who left keeps the row, disabled, with ``removed_at``: the old identity stays
    refused, and its id is never given again.  ``returned_at`` is when a person who had left and whose account goes on
    elsewhere was given a place again.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    guest = models.BooleanField(default=False)
    address = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)
    disabled = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    added_by = models.UUIDField(null=True, editable=False)
    removed_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)

    objects = OfOrganization["Membership"]()

    class Meta:
        """One place for each person in each organization."""

        constraints = [
            models.UniqueConstraint(fields=["organization", "person"], name="directory_one_membership"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.organization_id}"

    @property
    def known_name(self) -> str:
        """The name under which the organization may know the person; "" when it knows none."""
        return self.name if self.guest else self.person.name

    @property
    def known_address(self) -> str:
        """The address under which the organization may know the person."""
        return self.address if self.guest and self.address else self.person.email

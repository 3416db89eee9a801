"""Where people open documents, and how they lose that."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from tenants.directory.managers import OfOrganization
from tenants.directory.models.people import Person
from tenants.organizations.models import Organization


class LicensedAt(models.Model):
    """An organization at which a person was licensed something that had been granted to them.

    Documents lie in each organization's own schema; this says in which ones a person has any, so that nobody has to
    look into all of them.
    """

    pk = models.CompositePrimaryKey("person_id", "organization_id")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", db_index=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.person_id} at {self.organization_id}"


class Block(models.Model):
    """Somebody whom an organization keeps out, whatever they are granted there (docs/protocol.md P19, decision 37).

    ``value`` is a normal address, a mail domain or another organization's id.  ``person_id`` is who had the address
    when it was blocked: another address does not let them in.  ``until`` is when it ends by itself.
    """

    class Kind(models.TextChoices):
        """What the value is; the values of two kinds never look alike."""

        ADDRESS = "address"
        DOMAIN = "domain"
        ORGANIZATION = "organization"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    value = models.CharField(max_length=254)
    subdomains = models.BooleanField(db_default=False)
    person_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=500)
    until = models.DateTimeField(null=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    made_by = models.UUIDField(null=True)
    made_by_address = models.CharField(max_length=254, blank=True)

    objects = OfOrganization["Block"]()

    class Meta:
        """One row for each name, found by the names and the id of the person who asks."""

        constraints = (models.UniqueConstraint(fields=["organization", "value"], name="directory_one_block"),)
        indexes = (models.Index(fields=["organization", "person_id"], name="directory_blocked_person"),)

    def __str__(self) -> str:
        return f"block of {self.value}"


class Revocation(models.Model):
    """Access that people lost at one moment: by themselves, by the named groups, or on one device alone.

    ``joined`` says that the groups hold them from now on: what these are shut out of is lost.
    """

    people = ArrayField(models.UUIDField())
    groups = ArrayField(models.UUIDField(), default=list)
    joined = models.BooleanField(db_default=False)
    device_feed_id = models.BinaryField(null=True)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"revocation {self.pk}"


class PendingRevocation(models.Model):
    """A revocation that one organization has not put into its revocation feed yet.

    ``looked_at`` says that it did not concern everybody it names when it was looked at the first time.
    """

    revocation = models.ForeignKey(Revocation, on_delete=models.CASCADE, related_name="pending")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    looked_at = models.BooleanField(db_default=False)

    def __str__(self) -> str:
        return f"{self.revocation_id} for {self.organization_id}"

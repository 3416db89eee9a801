"""Mail addresses: whose they are, who proved that, and who had them before."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from tenants.directory.models.people import Person
from tenants.organizations.models import Organization


class Address(models.Model):
    """A mail address of a person: proven, or merely asserted (docs/protocol.md P12).

    ``proven_by`` is empty for an address that only somebody else asserts: it is a contact and matches nothing.
    ``asserted_by`` is the organization that said so, whether or not that proved anything.  ``proven_at`` is when it was
    proven last, and stays when that proof ends.  ``coded_until`` is the end of the last time for which a mailed code
    counted as proof for an outsider (P22): it gives nothing else, and nothing after that moment.
    """

    class Proof(models.TextChoices):
        """Who proved that the address is the person's."""

        NOBODY = ""
        PERSON = "person"
        ORGANIZATION = "organization"
        HOME = "home"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="addresses")
    address = models.CharField(max_length=254)
    domain = models.CharField(max_length=253, db_index=True)
    asserted_by = models.ForeignKey(Organization, null=True, on_delete=models.SET_NULL, related_name="+")
    proven_by = models.CharField(max_length=12, choices=Proof.choices, default=Proof.NOBODY)
    proven_at = models.DateTimeField(null=True)
    coded_until = models.DateTimeField(null=True)

    class Meta:
        """A proven address belongs to exactly one person of the installation."""

        constraints = [
            models.UniqueConstraint(fields=["person", "address"], name="directory_address_once_for_a_person"),
            models.UniqueConstraint(
                fields=["address"], condition=~Q(proven_by=""), name="directory_address_proven_once"
            ),
        ]
        indexes = [models.Index(fields=["address"], name="directory_address_lookup")]

    def __str__(self) -> str:
        return self.address


class AddressCode(models.Model):
    """A code that was mailed to an address which a person wants to have; only that person can enter it.

    Rows are kept for a day, since they are also the count of codes by person and address.  A row is there too where no
    code was mailed, because the address is somebody else's: asking must not tell.
    """

    MOST_WRONG: ClassVar[int] = 5
    """Wrong codes after which a new one must be asked for."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=254, db_index=True)
    code_hash = models.CharField(max_length=64)
    asked_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()
    wrong = models.PositiveSmallIntegerField(db_default=0)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"code for an address of {self.person_id}"


class FormerAddressHolder(models.Model):
    """When a person last lost a proven address, or a group was deleted; each has a row of its own, which stays.

    What was granted to the address before that moment, and was never used, was meant for that ``holder_id``: it is not
    for a person who proves the address afterwards, at the same company or elsewhere, nor for a group that gets it.
    Their own row does not count for them.
    """

    address = models.CharField(max_length=254)
    holder_id = models.UUIDField()
    ended_at = models.DateTimeField()

    class Meta:
        """One row for each former holder; the table keeps its name, like that of former owners."""

        db_table = "directory_partedaddress"
        constraints = [
            models.UniqueConstraint(fields=["address", "holder_id"], name="directory_address_parted_once_from_holder")
        ]

    def __str__(self) -> str:
        return self.address

"""Whom an organization knows outside: an address book, which gives nobody anything."""

import uuid

from django.db import models
from django.db.models.functions import Now

from tenants.directory.managers import OfOrganization
from tenants.organizations.models import Organization


class Contact(models.Model):
    """Somebody outside under the address and the name by which an organization knows them.

    It says nothing about an account, grants nothing and lets nobody in.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    address = models.CharField(max_length=254)
    name = models.CharField(max_length=200)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OfOrganization["Contact"]()

    class Meta:
        """One for each address, which also is the order of the list."""

        constraints = (models.UniqueConstraint(fields=["organization", "address"], name="directory_one_contact"),)

    def __str__(self) -> str:
        return self.address

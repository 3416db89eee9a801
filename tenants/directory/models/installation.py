"""Who looks after the installation, and the keys of its issuer."""

import uuid

from django.db import models
from django.db.models.functions import Now

from tenants.directory.models.people import Person


class Operator(models.Model):
    """A person who may look after the installation in the browser; only ``manage.py operators`` adds one.

    ``address`` is the one they were added by.  They are an operator only while it is proven to be theirs.
    """

    person = models.OneToOneField(Person, primary_key=True, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=254)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.address


class IssuerKey(models.Model):
    """A signing key of the issuer, sealed under the root key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sealed = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return str(self.id)

"""The devices and applications that act for people, and the codes that enroll and end them."""

import secrets
import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from tenants.directory.managers import OfOrganization
from tenants.directory.models.people import Person
from tenants.organizations.models import Organization


def new_feed_id() -> bytes:
    """Return the random id under which a device appears in the revocation feed."""
    return secrets.token_bytes(16)


class Device(models.Model):
    """One device of a person, with keys of its own; the row decides on the server, not the device's certificate.

    ``signing_key_id`` is the id that the protection package derives from the public signing key.  ``token_family``
    names the tokens that the device signs in with: they end with the device.  ``blocked_by`` are the organizations that
    take nothing from it any more, while it goes on elsewhere.  ``ends_at`` is set for the tab of an outsider: their
    device is none from then on, and its row is deleted.  ``lost_at`` says that it was revoked because it is lost.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="devices")
    name = models.CharField(max_length=200)
    platform = models.CharField(max_length=40)
    signing_algorithm = models.CharField(max_length=16)
    signing_key = models.BinaryField()
    signing_key_id = models.BinaryField(unique=True)
    encryption_kem = models.CharField(max_length=40)
    encryption_key = models.BinaryField()
    feed_id = models.BinaryField(unique=True, default=new_feed_id)
    token_family = models.UUIDField(null=True, db_index=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revoked_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True, db_index=True)
    blocked_by = ArrayField(models.UUIDField(), default=list, db_default=[])

    def __str__(self) -> str:
        return self.name


class ApiClient(models.Model):
    """An application of an organization: the issuer's client, bound to the person row it acts as.

    ``known_to`` are the ids of the people who have seen a secret of it.
    """

    client_id = models.CharField(max_length=100, primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_clients")
    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="api_client")
    name = models.CharField(max_length=200)
    known_to = models.JSONField(default=list, db_default=[])
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    disabled_at = models.DateTimeField(null=True)

    objects = OfOrganization["ApiClient"]()

    def __str__(self) -> str:
        return self.name


class EnrollmentCode(models.Model):
    """A short code that enrolls one device without a browser: kept hashed, ten minutes, once."""

    code_hash = models.CharField(max_length=64, primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"enrollment code of {self.person_id}"


class LossCode(models.Model):
    """A code with which a person who cannot sign in reports a device lost: kept hashed, a quarter of an hour, once.

    It ends a device and nothing else, so it gives nothing to whoever gets hold of it, nor to who made it.
    """

    code_hash = models.CharField(max_length=64, primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"loss code of {self.person_id}"

"""What applications sign in with."""

import uuid

from django.db import models
from django.db.models.functions import Now

from tenants.directory.managers import OfOrganization
from tenants.directory.models.devices import ApiClient
from tenants.organizations.models import Organization


class ApplicationCredential(models.Model):
    """What an application signs in with: a secret of which only a hash is kept, or public keys of its own.

    ``keys`` is a set of public keys (RFC 7517); where they are read from ``keys_url``, it is what was read at
    ``read_at``.  ``used_at`` is to the minute.  ``warned_days`` is how many days before the end mails went out last.
    """

    class Kind(models.TextChoices):
        """What it is."""

        SECRET = "secret"  # noqa: S105 - a kind, not a secret
        KEY = "key"
        KEYS_URL = "keys_url"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    application = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="credentials")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    name = models.CharField(max_length=200)
    secret_hash = models.CharField(max_length=200, blank=True)
    keys = models.JSONField(null=True)
    keys_url = models.CharField(max_length=1000, blank=True)
    read_at = models.DateTimeField(null=True)
    made_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    warned_days = models.SmallIntegerField(null=True)

    objects = OfOrganization["ApplicationCredential"]()

    def __str__(self) -> str:
        return f"{self.kind} of {self.application_id}"

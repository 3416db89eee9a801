"""Keys of one organization.  Private halves are wrapped by the organization's key-encryption key.

See docs/protocol.md P14.
"""

import uuid

from django.db import models
from django.db.models.functions import Now


class KeyStatus(models.TextChoices):
    """What a tenant key may still do; only ``active`` protects, ``active`` and ``archived`` open."""

    ACTIVE = "active", "Active"
    ARCHIVED = "archived", "Archived"
    COMPROMISED = "compromised", "Compromised"
    DESTROYED = "destroyed", "Destroyed"


class TenantKey(models.Model):
    """The organization's root of trust: an encryption key pair and a signing key pair of one suite.

    ``kid`` and ``signing_kid`` are hashes of the public halves.  A destroyed key keeps its public halves, so that old
    licenses still verify, and loses the private ones.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kid = models.BinaryField(unique=True)
    signing_kid = models.BinaryField(unique=True)
    suite = models.CharField(max_length=16)
    store = models.CharField(max_length=16)
    status = models.CharField(max_length=16, choices=KeyStatus.choices)
    encryption_public = models.BinaryField()
    signing_public = models.BinaryField()
    encryption_private = models.BinaryField(null=True)
    signing_private = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.UUIDField(null=True)
    status_changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Exactly one key is active at a time; the database holds it even when two rotations race."""

        constraints = (
            models.UniqueConstraint(
                fields=["status"], condition=models.Q(status="active"), name="protection_one_active_tenant_key"
            ),
        )


class WrappingKey(models.Model):
    """One symmetric key per tenant key, sealed to it: content keys of registered content lie under it (P15)."""

    tenant_key = models.OneToOneField(TenantKey, models.PROTECT, primary_key=True, related_name="wrapping_key")
    sealed = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())


class IssuingKey(models.Model):
    """An online signing key of the service for this organization, with the delegation by a tenant signing key.

    ``private`` is dropped when the delegation has ended; public half and delegation are kept, so that old objects
    still verify (P14).
    """

    kid = models.BinaryField(primary_key=True)
    tenant_key = models.ForeignKey(TenantKey, models.PROTECT)
    algorithm = models.CharField(max_length=16)
    public = models.BinaryField()
    private = models.BinaryField(null=True)
    delegation = models.TextField()
    not_before = models.BigIntegerField()
    expires = models.BigIntegerField()

    class Meta:
        """The newest valid one signs."""

        indexes = (models.Index(fields=["-expires"], name="protection_issuing_newest"),)


class LogKey(models.Model):
    """The Ed25519 key that signs the ledger's checkpoints and nothing else (P14)."""

    kid = models.BinaryField(primary_key=True)
    public = models.BinaryField()
    private = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

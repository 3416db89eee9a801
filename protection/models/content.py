"""Registered content: the state that counts, whatever the file says (docs/protocol.md P4)."""

import secrets
from typing import Final
from uuid import UUID

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, Value, When
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Lower, Now

from protection.models.keys import TenantKey
from protection.models.labels import Label


def new_feed_id() -> bytes:
    """Return a random name under which revocations appear in the feed; it tells outsiders nothing (P24)."""
    return secrets.token_bytes(16)


class RegistrationState(models.TextChoices):
    """Whether the registration is believed (P5)."""

    REGISTERED = "registered", "Registered"
    PENDING = "pending", "Pending"
    BLOCKED = "blocked", "Blocked"


STATE: Final = Case(
    When(registration="registered", revoked_at__isnull=True, then=Value("active")),
    When(registration="registered", then=Value("revoked")),
    default="registration",
    output_field=models.CharField(),
)
"""One word for lists: ``pending``, ``blocked``, ``revoked`` or ``active``."""


class Content(models.Model):
    """One protected document.  Never deleted while its tenant key can open anything.

    People are ids of the directory.  Either ``template_id`` is set or ``policy`` holds an ad hoc policy in the JSON
    form of ``chancery.policy.policy``.  ``rev`` is raised by every change that may take something away.
    ``revoked_by`` is whose will a revocation is, ``held_by`` the administrator who revoked it, too; both have to give
    it back, unless the organization lets owners undo what administrators revoked (P18).  ``successor_id`` is the
    document that replaces this one, for those who are refused.
    With the first hand-over, when ``handed_over_at`` is set, the issuer's part in deciding ends: who protected a
    document stays a fact, and the owner alone decides.
    """

    cid = models.UUIDField(primary_key=True)
    pl_digest = models.BinaryField(unique=True)
    tenant_key = models.ForeignKey(TenantKey, models.PROTECT)
    issuer_id = models.UUIDField()
    issuer_address = models.CharField(max_length=320)
    owner_id = models.UUIDField()
    owner_address = models.CharField(max_length=320)
    title = models.CharField(max_length=255, db_default="")
    template_id = models.UUIDField(null=True)
    policy = models.JSONField(null=True)
    expires = models.BigIntegerField(null=True)
    offline_days = models.IntegerField(null=True)
    label = models.ForeignKey(Label, models.PROTECT, null=True, related_name="contents")
    rev = models.PositiveIntegerField(db_default=1)
    registration = models.CharField(max_length=16, choices=RegistrationState.choices)
    pending_because = models.CharField(max_length=64, db_default="")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.UUIDField(null=True)
    held_by = models.UUIDField(null=True)
    revocation_message = models.CharField(max_length=500, db_default="")
    successor_id = models.UUIDField(null=True)
    issuer_blocked = models.BooleanField(db_default=False)
    handed_over_at = models.DateTimeField(null=True)
    feed_id = models.BinaryField(default=new_feed_id)
    published_at = models.DateTimeField()
    registered_at = models.DateTimeField(db_default=Now())

    class Meta:
        """The indexes serve "my documents", "all documents" in each order, a template's documents; who is denied."""

        indexes = (
            models.Index(fields=["issuer_id", "-registered_at"], name="protection_content_issuer"),
            models.Index(fields=["owner_id", "-registered_at"], name="protection_content_owner"),
            models.Index(fields=["-registered_at", "cid"], name="protection_content_newest"),
            models.Index(Lower("title"), "cid", name="protection_content_title"),
            models.Index(fields=["owner_address", "cid"], name="protection_content_address"),
            models.Index(STATE, "cid", name="protection_content_state"),
            models.Index(fields=["issuer_address", "cid"], name="protection_content_issued_as"),
            models.Index(fields=["template_id"], name="protection_content_template"),
            GinIndex(KeyTransform("deny", "policy"), name="protection_content_denied"),
        )

    @property
    def deciding_issuer(self) -> UUID | None:
        """Who protected the document, as long as they have an owner's rights by that."""
        return self.issuer_id if self.handed_over_at is None else None


class Edition(models.Model):
    """One sealed state of a body; its content key lies under the wrapping key of the content's tenant key.

    ``key_rev`` is the content's revision when that key was made, ``key_seq`` the feed's number: once the revision has
    risen or something wider than a document was withdrawn, a person who knows the key may have lost access, and the
    next edition gets a new one (P11).
    ``opened_at`` is when somebody else than its sealer first got a license for it: until then nobody else may have its
    body, and after a while others may save from the edition before (``selectors.editions``).  The first edition, from
    which everybody can go back to nothing, has no need of it.
    """

    pk = models.CompositePrimaryKey("content_id", "n")
    content = models.ForeignKey(Content, models.PROTECT, related_name="editions")
    n = models.PositiveIntegerField()
    seal_digest = models.BinaryField(unique=True)
    previous = models.BinaryField(null=True)
    person_id = models.UUIDField()
    device_id = models.UUIDField()
    wrapped_key = models.BinaryField()
    key_rev = models.PositiveIntegerField(db_default=1)
    key_seq = models.BigIntegerField(db_default=0)
    made_at = models.DateTimeField()
    registered_at = models.DateTimeField(db_default=Now())
    opened_at = models.DateTimeField(null=True)


class ContentChange(models.Model):
    """What somebody set, a policy or a template.

    Kept so that a change can be explained, and what issuer or owner last set can be restored.
    """

    content = models.ForeignKey(Content, models.PROTECT, related_name="changes")
    at = models.DateTimeField(db_default=Now())
    person_id = models.UUIDField()
    basis = models.CharField(max_length=16)
    rev = models.PositiveIntegerField()
    policy = models.JSONField(null=True)
    template_id = models.UUIDField(null=True)
    expires = models.BigIntegerField(null=True)
    offline_days = models.IntegerField(null=True)
    reason = models.CharField(max_length=500, db_default="")

    class Meta:
        """History of a document, newest first."""

        indexes = (models.Index(fields=["content", "-at"], name="protection_change_history"),)


class ContentRevocation(models.Model):
    """Revocation for one person or group, one mail domain or one organization (``chancery.policy.revocations``).

    ``address`` names them, domains and organizations as entries of policies do.  ``identity`` is whom an address meant
    at that time, so that a renamed person stays shut out; None when it meant nobody here.  It is shown to nobody:
    whether an address belongs to somebody elsewhere is not the revoker's business (P20).  ``revoked_by`` and
    ``held_by`` are as in ``Content``.
    """

    content = models.ForeignKey(Content, models.PROTECT, related_name="revocations")
    identity = models.UUIDField(null=True)
    address = models.CharField(max_length=320)
    revoked_at = models.DateTimeField(db_default=Now())
    revoked_by = models.UUIDField()
    held_by = models.UUIDField(null=True)
    message = models.CharField(max_length=500, db_default="")

    class Meta:
        """One per address and content; the indexes answer whether a group is shut out of anything here."""

        constraints = (models.UniqueConstraint(fields=["content", "address"], name="protection_revoked_once"),)
        indexes = (
            models.Index(fields=["identity"], name="protection_revoked_identity"),
            models.Index(fields=["address"], name="protection_revoked_address"),
        )


class GrantBinding(models.Model):
    """Whom an address of a policy meant when it was first resolved, so that a re-used address inherits nothing.

    ``scope`` is the content's id for an ad hoc policy, the template version's id for a template.
    """

    scope = models.UUIDField()
    address = models.CharField(max_length=320)
    identity = models.UUIDField()
    bound_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Bound once, for ever; the index answers whether a group gave anybody anything here."""

        constraints = (models.UniqueConstraint(fields=["scope", "address"], name="protection_bound_once"),)
        indexes = (models.Index(fields=["identity"], name="protection_bound_identity"),)


class FirstOpening(models.Model):
    """When somebody to whom a document was granted first opened it: from there the days of their own count.

    Kept for every document, so that a rule set later counts from the true beginning; issuer, owner and super users have
    no such end and no row.  A grant to somebody whose days are over removes their row: they begin anew.
    """

    pk = models.CompositePrimaryKey("content_id", "person_id")
    content = models.ForeignKey(Content, models.PROTECT, related_name="first_openings", db_index=False)
    person_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        """The index serves what a person was licensed, newest first."""

        indexes = (models.Index(fields=["person_id", "-at", "content"], name="protection_first_opened_by"),)


class Certificate(models.Model):
    """A client licensor certificate that was issued: this device may publish for this person (P5)."""

    jti = models.UUIDField(primary_key=True)
    person_id = models.UUIDField()
    device_id = models.UUIDField()
    not_before = models.BigIntegerField()
    expires = models.BigIntegerField()
    owner_other = models.BooleanField(db_default=False)
    issued_at = models.DateTimeField(db_default=Now())

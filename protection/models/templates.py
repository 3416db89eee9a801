"""Protection templates and their versions; neither is ever physically deleted (docs/protocol.md P4)."""

import uuid

from django.db import models
from django.db.models.functions import Now


class TemplateStatus(models.TextChoices):
    """Published templates are offered for protecting; both kinds open."""

    ARCHIVED = "archived", "Archived"
    PUBLISHED = "published", "Published"


class ExpiryOption(models.TextChoices):
    """When content under the template expires."""

    NEVER = "never", "Never"
    ON_DATE = "on_date", "On a date"
    AFTER_DAYS = "after_days", "A number of days after protection"


class ProtectionTemplate(models.Model):
    """A named policy of the organization; ``current`` is the version that counts at every opening.

    One that is deleted is shown nowhere but in the list of deleted ones; what it protects opens as before.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    status = models.CharField(max_length=16, choices=TemplateStatus.choices, db_default=TemplateStatus.ARCHIVED)
    current = models.PositiveIntegerField(db_default=1)
    is_default = models.BooleanField(db_default=False)
    deleted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.UUIDField(null=True)


class TemplateVersion(models.Model):
    """One state of a template.  ``names`` and ``descriptions`` map a language tag to text.

    ``language`` is the fallback: the database keeps no order of members, so which text came first has to be said.
    ``policy`` is the JSON form of ``chancery.policy.policy`` without its expiry, which the option decides.  ``scope``
    holds the addresses of the people and groups to whom the template is offered, none for everybody; programs that
    cannot say who asks are offered one with a scope only if ``offered_to_legacy``.  Neither has a part in who can open.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    template = models.ForeignKey(ProtectionTemplate, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    language = models.CharField(max_length=35)
    names = models.JSONField()
    descriptions = models.JSONField(default=dict)
    policy = models.JSONField()
    expiry_option = models.CharField(max_length=16, choices=ExpiryOption.choices, db_default=ExpiryOption.NEVER)
    expires = models.BigIntegerField(null=True)
    expires_after_days = models.PositiveIntegerField(null=True)
    scope = models.JSONField(default=list, db_default=[])
    offered_to_legacy = models.BooleanField(db_default=False)
    author_id = models.UUIDField(null=True)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Numbered from one, without gaps."""

        constraints = (models.UniqueConstraint(fields=["template", "number"], name="protection_template_version"),)

"""Labels: how sensitive a document is in the organization's words, and the protection that comes with it."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from protection.models.templates import ProtectionTemplate, TemplateStatus


class Label(models.Model):
    """One label; never deleted, since documents carry it.  ``names`` and ``descriptions`` map a language tag to text.

    ``language`` is the fallback.  ``sensitivity`` orders labels: to go to a lower one asks for a justification.
    ``effect`` is one of ``chancery.policy.labels.Effect``; ``template`` is set when it is to protect.  ``version``
    counts the changes of what it says, so that the second of two editors gets a conflict.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    names = models.JSONField()
    descriptions = models.JSONField(default=dict)
    language = models.CharField(max_length=35)
    sensitivity = models.PositiveSmallIntegerField()
    effect = models.CharField(max_length=16)
    template = models.ForeignKey(ProtectionTemplate, models.PROTECT, null=True, related_name="labels")
    status = models.CharField(max_length=16, choices=TemplateStatus.choices, db_default=TemplateStatus.ARCHIVED)
    version = models.PositiveIntegerField(db_default=1)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.UUIDField()

    class Meta:
        """A label protects by a template or does not protect; of those in use, each template belongs to one."""

        constraints = (
            models.CheckConstraint(
                condition=Q(effect="protect", template__isnull=False) | ~Q(effect="protect") & Q(template=None),
                name="protection_label_template",
            ),
            models.UniqueConstraint(
                fields=["template"], condition=Q(status="published"), name="protection_label_of_template"
            ),
        )

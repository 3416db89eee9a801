"""Offer a protection template for protecting, or stop offering it (C37)."""

from uuid import UUID

from django.db import transaction

from protection.events import Actor, Kind
from protection.models import TemplateStatus
from protection.services.recording import record_action
from protection.services.template_draft import locked_template


@transaction.atomic
def publish_template(*, actor: Actor, template: UUID) -> None:
    """Offer a template for protecting.  Publishing again changes nothing.  Raises NotFound."""
    _set_status(actor, template, TemplateStatus.PUBLISHED, Kind.TEMPLATE_PUBLISHED)


@transaction.atomic
def archive_template(*, actor: Actor, template: UUID) -> None:
    """Stop offering a template; what it protects still opens.  Raises NotFound."""
    _set_status(actor, template, TemplateStatus.ARCHIVED, Kind.TEMPLATE_ARCHIVED)


def _set_status(actor: Actor, template: UUID, status: TemplateStatus, kind: Kind) -> None:
    row = locked_template(template)
    if row.status != status:
        row.status = status
        row.save(update_fields=["status"])
        record_action(kind, actor, details={"template": str(row.id)})

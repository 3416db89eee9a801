"""Offer a protection template for protecting, or stop offering it (promise C37)."""

from uuid import UUID

from django.db import transaction

from chancery.errors import Conflict
from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.models import Label, TemplateStatus
from protection.services.template_draft import locked_template
from protection.services.template_events import record_template


@transaction.atomic
def publish_template(*, actor: Actor, template: UUID) -> bool:
    """Offer a template for protecting; return whether anything changed.  Raises NotFound."""
    return _set_status(actor, template, TemplateStatus.PUBLISHED, Kind.TEMPLATE_PUBLISHED)


@transaction.atomic
def archive_template(*, actor: Actor, template: UUID) -> bool:
    """Stop offering a template; what it protects still opens.  Return whether anything changed.

    Raises NotFound, and Conflict while a label needs it.
    """
    locked_template(template)
    label = Label.objects.filter(template_id=template, status=TemplateStatus.PUBLISHED).first()
    if label is not None:
        raise Conflict(
            message("The label “{name}” protects by this template.", name=label.names[label.language]),
            remedy=message("Archive the label first."),
        )
    return _set_status(actor, template, TemplateStatus.ARCHIVED, Kind.TEMPLATE_ARCHIVED)


def _set_status(actor: Actor, template: UUID, status: TemplateStatus, kind: Kind) -> bool:
    row = locked_template(template)
    if row.status == status:
        return False
    row.status = status
    row.save(update_fields=["status"])
    record_template(kind, actor, row)
    return True

"""Delete a protection template, and bring it back; what it protects opens all the while.

See promise C44, docs/protocol.md P4.
"""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from chancery.errors import Conflict, NotFound
from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.models import ProtectionTemplate, TemplateStatus
from protection.services.template_draft import locked_template
from protection.services.template_events import record_template


@transaction.atomic
def delete_template(*, actor: Actor, template: UUID) -> None:
    """Take an archived template out of all lists; the row stays, since files refer to it for ever.

    Archiving comes first: who deletes what is offered at this moment would surprise people who are about to choose it,
    and archiving is all that most want who think of deleting.  Raises NotFound, and Conflict for a published template
    and for one that came with the service.
    """
    row = locked_template(template)
    if row.is_default:
        raise Conflict(
            message("This template came with the service and cannot be deleted."),
            remedy=message("Archive it to stop offering it."),
        )
    if row.status == TemplateStatus.PUBLISHED:
        raise Conflict(
            message("This template is published, so people may be about to use it."),
            remedy=message("Archive it first, then delete it."),
        )
    row.deleted_at = Now()
    row.save(update_fields=["deleted_at"])
    record_template(Kind.TEMPLATE_DELETED, actor, row)


@transaction.atomic
def undelete_template(*, actor: Actor, template: UUID) -> None:
    """Bring a deleted template back, archived as it was.  Raises NotFound when there is no deleted one with this id."""
    row = ProtectionTemplate.objects.select_for_update().filter(id=template, deleted_at__isnull=False).first()
    if row is None:
        raise NotFound(
            message("There is no such deleted template."), remedy=message("List the deleted templates and choose one.")
        )
    row.deleted_at = None
    row.save(update_fields=["deleted_at"])
    record_template(Kind.TEMPLATE_UNDELETED, actor, row)

"""Create a protection template, from nothing or as a copy (promises C36, C37)."""

from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.db.models import F

from chancery.errors import NotFound
from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.models import ProtectionTemplate, TemplateStatus, TemplateVersion
from protection.services.localized_names import MAX_NAME
from protection.services.template_draft import TemplateDraft, add_version, checked_draft, draft_of
from protection.services.template_events import record_template


@transaction.atomic
def create_template(*, actor: Actor, draft: TemplateDraft) -> UUID:
    """Create a template, archived until it is published; return its id.  Raises InvalidPolicy."""
    template = ProtectionTemplate.objects.create(created_by=actor.person, status=TemplateStatus.ARCHIVED, current=1)
    version = add_version(template, 1, actor, checked_draft(draft))
    record_template(Kind.TEMPLATE_CREATED, actor, template, version=version)
    return template.id


@transaction.atomic
def copy_template(*, actor: Actor, template: UUID, name: str = "") -> UUID:
    """Make an archived template that says what another one says now; return its id.

    The copy is never offered by itself, whatever its model is: two names for one policy would confuse people.  Without
    a name it is called after its model.  Raises NotFound and InvalidPolicy.
    """
    version = TemplateVersion.objects.filter(
        template_id=template, template__deleted_at=None, number=F("template__current")
    ).first()
    if version is None:
        raise NotFound(message("There is no such template."))
    draft = draft_of(version)
    language = next(iter(draft.names))
    called = name.strip() or f"Copy of {draft.names[language]}"[:MAX_NAME]
    # Names in other languages would be those of the model.
    return create_template(actor=actor, draft=replace(draft, names={language: called}))

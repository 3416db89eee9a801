"""Make a label, change what it says, offer it, stop offering it (promise C46)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from chancery.errors import Conflict, InvalidPolicy, NotFound
from chancery.ledger.kinds import Kind
from chancery.policy.labels import Effect
from chancery.texts import message
from protection.actor import Actor
from protection.models import Label, ProtectionTemplate, TemplateStatus
from protection.services.localized_names import checked_texts
from protection.services.recording import record_action

MAX_SENSITIVITY: Final = 1_000


@dataclass(frozen=True, slots=True)
class LabelDraft:
    """What a label says; ``template`` is given exactly when the effect is to protect."""

    names: Mapping[str, str]
    sensitivity: int
    effect: Effect
    template: UUID | None = None
    descriptions: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def create_label(*, actor: Actor, draft: LabelDraft, publish: bool = False) -> UUID:
    """Make a label, archived until it is published, which can be at once; return its id.

    Raises InvalidPolicy, NotFound, and what ``publish_label`` raises; then there is no such label.
    """
    row = Label.objects.create(**_checked(draft), created_by=actor.person)
    record_action(Kind.LABEL_CREATED, actor, details=_recorded(row))
    if publish:
        publish_label(actor=actor, label=row.id)
    return row.id


@transaction.atomic
def edit_label(*, actor: Actor, label: UUID, draft: LabelDraft, based_on: int | None = None) -> int:
    """Change what a label says from now on; documents that carry it keep their protection.  Return its version.

    Saying the same again makes no version.  ``based_on`` is the version that the editor saw; when somebody made another
    one meanwhile, nothing is changed.  Raises NotFound, InvalidPolicy, and Conflict also when another label in use has
    the template.
    """
    row = _locked(label)
    if based_on is not None and based_on != row.version:
        raise Conflict(
            message(
                "Another person has changed this label in the meantime; it is at version {version} now.",
                version=row.version,
            ),
            remedy=message("Look at the newest version, then make your change again."),
        )
    wanted = {name: value for name, value in _checked(draft, row.template_id).items() if getattr(row, name) != value}
    if not wanted:
        return row.version
    changes = [
        {"member": name, "before": _plain(getattr(row, name)), "after": _plain(value)} for name, value in wanted.items()
    ]
    for name, value in wanted.items():
        setattr(row, name, value)
    row.version += 1
    if row.status == TemplateStatus.PUBLISHED:
        _check_may_be_offered(row)
    row.save()
    record_action(Kind.LABEL_EDITED, actor, details={**_recorded(row), "changes": changes})
    return row.version


@transaction.atomic
def publish_label(*, actor: Actor, label: UUID) -> bool:
    """Offer a label; its template is from then on offered through the label alone.  Return whether anything changed.

    Raises NotFound, and Conflict when its template is archived or belongs to another label in use.
    """
    row = _locked(label)
    if row.status == TemplateStatus.PUBLISHED:
        return False
    _check_may_be_offered(row)
    _set_status(row, TemplateStatus.PUBLISHED, Kind.LABEL_PUBLISHED, actor)
    return True


@transaction.atomic
def archive_label(*, actor: Actor, label: UUID) -> bool:
    """Stop offering a label; return whether anything changed.  Raises NotFound.

    Documents keep it, and its template is offered by itself again.
    """
    row = _locked(label)
    if row.status == TemplateStatus.ARCHIVED:
        return False
    _set_status(row, TemplateStatus.ARCHIVED, Kind.LABEL_ARCHIVED, actor)
    return True


def _set_status(row: Label, status: TemplateStatus, kind: Kind, actor: Actor) -> None:
    row.status = status
    row.save(update_fields=["status"])
    record_action(kind, actor, details=_recorded(row))


def _locked(label: UUID) -> Label:
    row = Label.objects.select_for_update().filter(id=label).first()
    if row is None:
        raise NotFound(message("There is no such label."))
    return row


def _checked(draft: LabelDraft, own: UUID | None = None) -> dict[str, Any]:
    """Return the columns of a draft; ``own`` is the template that the label has already, whatever became of that."""
    texts = checked_texts(draft.names, draft.descriptions)
    if not 0 <= draft.sensitivity <= MAX_SENSITIVITY:
        raise InvalidPolicy(
            message("Sensitivity is a number from 0 to {most}.", most=MAX_SENSITIVITY),
            remedy=message("Give the most sensitive label the highest number."),
        )
    if (draft.template is None) == (draft.effect is Effect.PROTECT):
        raise InvalidPolicy(
            message("A label that protects needs a template; one that does not protect has none."),
            remedy=message("Choose a template, or say that the label does not protect."),
        )
    new = None if draft.template == own else draft.template
    if new is not None and not ProtectionTemplate.objects.filter(id=new, deleted_at=None).exists():
        raise NotFound(message("There is no such template."))
    return {
        "names": dict(texts.names),
        "descriptions": dict(texts.descriptions),
        "language": texts.language,
        "sensitivity": draft.sensitivity,
        "effect": draft.effect.value,
        "template_id": draft.template,
    }


def _check_may_be_offered(row: Label) -> None:
    """Raise Conflict unless the label's names are its own and its template is published and no other's in use."""
    with connection.cursor() as cursor:
        # So that two are not offered under one name at once.
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(current_schema() || ' labels', 0))")
    names = {text.casefold() for text in row.names.values()}
    for one in Label.objects.filter(status=TemplateStatus.PUBLISHED).exclude(id=row.id):
        if not names.isdisjoint(text.casefold() for text in one.names.values()):
            raise Conflict(
                message("Another label in use is called “{name}”.", name=one.names[one.language]),
                remedy=message("Choose another name: labels are chosen by it."),
            )
    if row.template_id is None:
        return
    # Locked, so that it is not archived while the label is being published.
    template = ProtectionTemplate.objects.select_for_update().get(id=row.template_id)
    if template.status != TemplateStatus.PUBLISHED or template.deleted_at is not None:
        raise Conflict(
            message("The label's template is archived, so it cannot protect new documents."),
            remedy=message("Publish the template first, or choose another one."),
        )
    other = Label.objects.filter(template=template, status=TemplateStatus.PUBLISHED).exclude(id=row.id).first()
    if other is not None:
        raise Conflict(
            message("The template belongs to the label “{name}” already.", name=other.names[other.language]),
            remedy=message("Choose another template, or archive that label first."),
        )


def _recorded(row: Label) -> dict[str, Any]:
    return {
        "label": str(row.id),
        "names": row.names,
        "language": row.language,
        "sensitivity": row.sensitivity,
        "effect": row.effect,
        **({"template": str(row.template_id)} if row.template_id else {}),
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value

"""Create, edit, publish and archive protection templates (azure-rms.md §3.3; C36, C37, C41, C48)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db import transaction

from protection.errors import InvalidPolicy, NotFound
from protection.events import Actor, Kind
from protection.licensing.narrowing import narrows
from protection.licensing.policy import Policy, parse_policy
from protection.models import ExpiryOption, ProtectionTemplate, TemplateStatus, TemplateVersion
from protection.services.feed import kill_all_of, touch
from protection.services.recording import record_action

MAX_NAME = 120
MAX_DESCRIPTION = 500


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """What a template says.  ``names`` and ``descriptions`` map a language tag to text; the first name is the fallback.

    ``expires`` is used with ``on_date`` (seconds since 1970), ``expires_after_days`` with ``after_days``.
    """

    names: Mapping[str, str]
    policy: Policy
    descriptions: Mapping[str, str] = field(default_factory=dict)
    expiry_option: str = ExpiryOption.NEVER
    expires: int | None = None
    expires_after_days: int | None = None


@transaction.atomic
def create_template(*, actor: Actor, draft: TemplateDraft) -> UUID:
    """Create a template, archived until it is published; return its id.  Raises InvalidPolicy."""
    template = ProtectionTemplate.objects.create(created_by=actor.person, status=TemplateStatus.ARCHIVED, current=1)
    _add_version(template, 1, actor, _checked(draft))
    record_action(Kind.TEMPLATE_CREATED, actor, details={"template": str(template.id)})
    return template.id


@transaction.atomic
def edit_template(*, actor: Actor, template: UUID, draft: TemplateDraft) -> int:
    """Make a new version that counts from the next license on, for content already protected too.

    Returns the version's number.  Raises NotFound and InvalidPolicy.
    """
    row = _locked(template)
    before = TemplateVersion.objects.get(template=row, number=row.current)
    row.current += 1
    made = _add_version(row, row.current, actor, _checked(draft))
    row.save(update_fields=["current"])
    if _takes_away(before, made):
        kill_all_of(row.id)
    else:
        touch()
    record_action(Kind.TEMPLATE_EDITED, actor, details={"template": str(row.id), "version": row.current})
    return row.current


@transaction.atomic
def publish_template(*, actor: Actor, template: UUID) -> None:
    """Offer a template for protecting.  Publishing again changes nothing.  Raises NotFound."""
    _set_status(actor, template, TemplateStatus.PUBLISHED, Kind.TEMPLATE_PUBLISHED)


@transaction.atomic
def archive_template(*, actor: Actor, template: UUID) -> None:
    """Stop offering a template; what it protects still opens.  Raises NotFound."""
    _set_status(actor, template, TemplateStatus.ARCHIVED, Kind.TEMPLATE_ARCHIVED)


def _set_status(actor: Actor, template: UUID, status: TemplateStatus, kind: Kind) -> None:
    row = _locked(template)
    if row.status != status:
        row.status = status
        row.save(update_fields=["status"])
        record_action(kind, actor, details={"template": str(row.id)})


def _locked(template: UUID) -> ProtectionTemplate:
    row = ProtectionTemplate.objects.select_for_update().filter(id=template).first()
    if row is None:
        raise NotFound("There is no such template.")
    return row


def _checked(draft: TemplateDraft) -> TemplateDraft:
    """Return the draft with its texts trimmed; refuse what no client could show or nobody could mean."""
    names = {language: text.strip() for language, text in draft.names.items() if text.strip()}
    if not names:
        raise InvalidPolicy("A template needs a name.", remedy="Give it a name in at least one language.")
    if any(len(text) > MAX_NAME for text in names.values()):
        raise InvalidPolicy(f"A template's name has at most {MAX_NAME} characters.")
    if any(len(text) > MAX_DESCRIPTION for text in draft.descriptions.values()):
        raise InvalidPolicy(f"A template's description has at most {MAX_DESCRIPTION} characters.")
    if draft.expiry_option not in ExpiryOption.values:
        raise InvalidPolicy(f"The expiry option is one of {', '.join(ExpiryOption.values)}.")
    if draft.expiry_option == ExpiryOption.ON_DATE and draft.expires is None:
        raise InvalidPolicy("Expiry on a date needs the date.", remedy="Set 'expires'.")
    if draft.expiry_option == ExpiryOption.AFTER_DAYS and not draft.expires_after_days:
        raise InvalidPolicy("Expiry after days needs their number.", remedy="Set 'expires_after_days'.")
    return replace(draft, names=names, policy=replace(draft.policy, expires=None))


def _takes_away(before: TemplateVersion, after: TemplateVersion) -> bool:
    """Tell whether somebody may hold a cached license that the new version would not give him."""
    same_end = (before.expiry_option, before.expires, before.expires_after_days) == (
        after.expiry_option,
        after.expires,
        after.expires_after_days,
    )
    keeps = same_end or after.expiry_option == ExpiryOption.NEVER
    return not (keeps and narrows(parse_policy(before.policy), parse_policy(after.policy)))


def _add_version(template: ProtectionTemplate, number: int, actor: Actor, draft: TemplateDraft) -> TemplateVersion:
    return TemplateVersion.objects.create(
        template=template,
        number=number,
        names=dict(draft.names),
        descriptions=dict(draft.descriptions),
        policy=draft.policy.as_json(),
        expiry_option=draft.expiry_option,
        expires=draft.expires if draft.expiry_option == ExpiryOption.ON_DATE else None,
        expires_after_days=draft.expires_after_days if draft.expiry_option == ExpiryOption.AFTER_DAYS else None,
        author_id=actor.person,
    )

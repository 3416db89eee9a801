"""What a template is to say, checked, and how it becomes a version (azure-rms.md §3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from protection.errors import InvalidPolicy, NotFound
from protection.events import Actor
from protection.licensing.policy import Policy, parse_policy
from protection.models import ExpiryOption, ProtectionTemplate, TemplateVersion
from protection.selectors.templates import fallback_first

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


def draft_of(version: TemplateVersion) -> TemplateDraft:
    """Return what a version says, to say it again: in a copy, or as the newest version."""
    return TemplateDraft(
        names=fallback_first(version.names, version.language),
        descriptions=version.descriptions,
        policy=parse_policy(version.policy),
        expiry_option=version.expiry_option,
        expires=version.expires,
        expires_after_days=version.expires_after_days,
    )


def locked_template(template: UUID) -> ProtectionTemplate:
    """Return the row, locked until the transaction ends.  Raises NotFound."""
    row = ProtectionTemplate.objects.select_for_update().filter(id=template).first()
    if row is None:
        raise NotFound("There is no such template.")
    return row


def checked_draft(draft: TemplateDraft) -> TemplateDraft:
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


def add_version(template: ProtectionTemplate, number: int, actor: Actor, draft: TemplateDraft) -> TemplateVersion:
    """Write one version; it counts once the template names it as current."""
    return TemplateVersion.objects.create(
        template=template,
        number=number,
        language=next(iter(draft.names)),
        names=dict(draft.names),
        descriptions=dict(draft.descriptions),
        policy=draft.policy.as_json(),
        expiry_option=draft.expiry_option,
        expires=draft.expires if draft.expiry_option == ExpiryOption.ON_DATE else None,
        expires_after_days=draft.expires_after_days if draft.expiry_option == ExpiryOption.AFTER_DAYS else None,
        author_id=actor.person,
    )

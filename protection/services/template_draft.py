"""What a template is to say, checked, and how it becomes a version."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from chancery.errors import InvalidPolicy, NotFound
from chancery.policy.days import LAST_MOMENT
from chancery.policy.policy import Policy, Principal, PrincipalKind, parse_policy
from chancery.texts import message
from protection.actor import Actor
from protection.models import ExpiryOption, ProtectionTemplate, TemplateVersion
from protection.selectors.templates import fallback_first
from protection.services.localized_names import checked_texts

MAX_EXPIRY_DAYS = 65_535
MAX_SCOPE = 500
"""Addresses to whom one template is offered; a group holds more."""


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """What a template says.  ``names`` and ``descriptions`` map a language tag to text; the first name is the fallback.

    ``expires`` is used with ``on_date`` (seconds since 1970), ``expires_after_days`` with ``after_days``.  ``scope``
    and ``offered_to_legacy`` say who is offered the template, never who can open (``TemplateVersion``).
    """

    names: Mapping[str, str]
    policy: Policy
    descriptions: Mapping[str, str] = field(default_factory=dict)
    expiry_option: str = ExpiryOption.NEVER
    expires: int | None = None
    expires_after_days: int | None = None
    scope: tuple[str, ...] = ()
    offered_to_legacy: bool = False


def draft_of(version: TemplateVersion) -> TemplateDraft:
    """Return what a version says, to say it again: in a copy, or as the newest version."""
    return TemplateDraft(
        names=fallback_first(version.names, version.language),
        descriptions=version.descriptions,
        policy=parse_policy(version.policy),
        expiry_option=version.expiry_option,
        expires=version.expires,
        expires_after_days=version.expires_after_days,
        scope=tuple(version.scope),
        offered_to_legacy=version.offered_to_legacy,
    )


def locked_template(template: UUID) -> ProtectionTemplate:
    """Return the row, locked until the transaction ends.  Raises NotFound, also for a deleted one."""
    row = ProtectionTemplate.objects.select_for_update().filter(id=template, deleted_at=None).first()
    if row is None:
        raise NotFound(message("There is no such template."))
    return row


def checked_draft(draft: TemplateDraft) -> TemplateDraft:
    """Return the draft with its texts trimmed; refuse what no client could show, nobody could mean or nothing read."""
    texts = checked_texts(draft.names, draft.descriptions)
    _check_end(draft)
    # Read again as strictly as it will be read from the table: what cannot be read must never get there.
    parse_policy(draft.policy.as_json())
    scope = checked_scope(draft.scope)
    policy = replace(draft.policy, expires=None)
    return replace(draft, names=texts.names, descriptions=texts.descriptions, policy=policy, scope=scope)


def _check_end(draft: TemplateDraft) -> None:
    if draft.expiry_option not in ExpiryOption.values:
        raise InvalidPolicy(message("The expiry option is one of {options}.", options=", ".join(ExpiryOption.values)))
    if draft.expiry_option == ExpiryOption.ON_DATE and draft.expires is None:
        raise InvalidPolicy(message("Expiry on a date needs the date."), remedy=message("Set 'expires'."))
    if draft.expiry_option == ExpiryOption.AFTER_DAYS and not draft.expires_after_days:
        raise InvalidPolicy(
            message("Expiry after days needs their number."), remedy=message("Set 'expires_after_days'.")
        )
    if draft.expires_after_days is not None and not 1 <= draft.expires_after_days <= MAX_EXPIRY_DAYS:
        raise InvalidPolicy(
            message("Access ends after 1 to {most} days.", most=MAX_EXPIRY_DAYS),
            remedy=message("Choose a number between them."),
        )
    if draft.expires is not None and not 0 <= draft.expires <= LAST_MOMENT:
        raise InvalidPolicy(
            message("The date is none that a template can name."), remedy=message("Choose a date from 1970 on.")
        )


def checked_scope(scope: Iterable[str]) -> tuple[str, ...]:
    """Return addresses in the one spelling under which they are compared, each once.  Raises InvalidPolicy."""
    found = {Principal.parse(text) for text in scope}
    if any(who.kind is not PrincipalKind.ADDRESS for who in found):
        raise InvalidPolicy(
            message("A template is offered to people and groups by their addresses."),
            remedy=message("Name addresses like board@example.com; name none to offer it to everyone."),
        )
    if len(found) > MAX_SCOPE:
        raise InvalidPolicy(
            message("A template is offered to at most {most} addresses.", most=MAX_SCOPE),
            remedy=message("Name a group instead."),
        )
    return tuple(sorted(who.value for who in found))


def add_version(template: ProtectionTemplate, number: int, actor: Actor, draft: TemplateDraft) -> TemplateVersion:
    """Write one version; it counts once the template names it as current."""
    version = version_of(draft, number=number, author=actor.person)
    version.template = template
    version.save(force_insert=True)
    return version


def version_of(draft: TemplateDraft, *, number: int = 0, author: UUID | None = None) -> TemplateVersion:
    """Return the row that a checked draft would be, to compare it or to write it."""
    return TemplateVersion(
        number=number,
        language=next(iter(draft.names)),
        names=dict(draft.names),
        descriptions=dict(draft.descriptions),
        policy=draft.policy.as_json(),
        expiry_option=draft.expiry_option,
        expires=draft.expires if draft.expiry_option == ExpiryOption.ON_DATE else None,
        expires_after_days=draft.expires_after_days if draft.expiry_option == ExpiryOption.AFTER_DAYS else None,
        scope=list(draft.scope),
        offered_to_legacy=draft.offered_to_legacy,
        author_id=author,
    )

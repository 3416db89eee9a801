"""Edit a protection template, or bring back what an earlier version said (promises C41, C44, C48)."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction

from chancery.errors import Conflict, NotFound
from chancery.ledger.kinds import Kind
from chancery.policy.narrowing import narrows
from chancery.policy.policy import parse_policy
from chancery.texts import message
from protection.actor import Actor
from protection.models import ExpiryOption, ProtectionTemplate, TemplateVersion
from protection.services.feed import invalidate_all_of, touch
from protection.services.paused import refuse_paused
from protection.services.template_draft import (
    TemplateDraft,
    add_version,
    checked_draft,
    draft_of,
    locked_template,
    version_of,
)
from protection.services.template_events import record_template

_SAID: Final = (
    "language",
    "names",
    "descriptions",
    "policy",
    "expiry_option",
    "expires",
    "expires_after_days",
    "scope",
    "offered_to_legacy",
)
"""The columns in which two versions can differ for anybody."""


@transaction.atomic
def edit_template(*, actor: Actor, template: UUID, draft: TemplateDraft, based_on: int | None = None) -> int:
    """Make a new version that counts from the next license on, for content already protected too.

    ``based_on`` is the version that the editor saw; when somebody made another one meanwhile, nothing is changed.
    Saying the same again makes no version.  Returns the current version's number.  Raises NotFound,
    InvalidPolicy and Conflict.
    """
    row = locked_template(template)
    if based_on is not None and based_on != row.current:
        raise Conflict(
            message(
                "Another person has changed this template in the meantime; it is at version {version} now.",
                version=row.current,
            ),
            remedy=message("Look at the newest version, then make your change again."),
        )
    made = _next_version(actor, row, draft)
    if made is None:
        return row.current
    record_template(Kind.TEMPLATE_EDITED, actor, row, version=made.version, before=made.before)
    return row.current


@transaction.atomic
def restore_template_version(*, actor: Actor, template: UUID, number: int) -> int:
    """Say again, in a new version, what an earlier one said; return the new version's number.

    The history keeps both, so that a restoration can itself be taken back.  Raises NotFound.
    """
    row = locked_template(template)
    version = TemplateVersion.objects.filter(template=row, number=number).first()
    if version is None:
        raise NotFound(message("This template has no such version."))
    made = _next_version(actor, row, draft_of(version))
    if made is None:
        return row.current
    record_template(Kind.TEMPLATE_RESTORED, actor, row, version=made.version, before=made.before, restored=number)
    return row.current


@dataclass(frozen=True, slots=True)
class _Made:
    """A version that was written, and the one that it took the place of."""

    version: TemplateVersion
    before: TemplateVersion


def _next_version(actor: Actor, row: ProtectionTemplate, draft: TemplateDraft) -> _Made | None:
    """Write the next version and return it, or None when the current one says the same already.

    Cached licenses are invalidated if it gives somebody less.  Raises PausedGivesNothing.
    """
    before, draft = TemplateVersion.objects.get(template=row, number=row.current), checked_draft(draft)
    if _says_the_same(before, version_of(draft)):
        return None
    row.current += 1
    made = add_version(row, row.current, actor, draft)
    row.save(update_fields=["current"])
    if _takes_away(made, before):
        refuse_paused(actor)
    if _takes_away(before, made):
        invalidate_all_of(row.id)
    else:
        touch()
    return _Made(made, before)


def _says_the_same(before: TemplateVersion, after: TemplateVersion) -> bool:
    return all(getattr(before, name) == getattr(after, name) for name in _SAID)


def _takes_away(before: TemplateVersion, after: TemplateVersion) -> bool:
    """Tell whether somebody may hold a cached license that the new version would not give them."""
    same_end = (before.expiry_option, before.expires, before.expires_after_days) == (
        after.expiry_option,
        after.expires,
        after.expires_after_days,
    )
    keeps = same_end or after.expiry_option == ExpiryOption.NEVER
    return not (keeps and narrows(parse_policy(before.policy), parse_policy(after.policy)))

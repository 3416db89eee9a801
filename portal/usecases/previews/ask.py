"""Ask what a change would do, before it is made (promise C44)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction

from chancery.errors import InvalidPolicy
from chancery.texts import message
from portal.usecases.caller import Caller
from portal.usecases.previews.drafts import members_as_change, template_as_change
from protection.selectors.templates import template
from protection.services.ask_preview import ask_preview
from protection.services.template_draft import TemplateDraft, checked_draft
from tenants.directory.members import Member, leaving, meant
from tenants.directory.selectors.groups import group_in
from tenants.directory.selectors.people import person_in
from tenants.naming import free_text

DAYS: Final = 30
"""How far back openings and refusals are decided again when nothing else is said."""
MOST_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class PreviewAsked:
    """A question that a worker answers; its id leads to the answer."""

    id: UUID


@transaction.atomic
def ask_about_template(
    *, caller: Caller, template_id: UUID, draft: TemplateDraft, based_on: int | None = None, days: int = DAYS
) -> PreviewAsked:
    """Ask about a new version of a template.  Raises NotFound and InvalidPolicy."""
    found = template(template_id)
    change = template_as_change(checked_draft(draft))
    seen = {"version": based_on or found.version}
    asked = ask_preview(actor=caller.actor, kind="template", target=template_id, change=change, seen=seen, days=days)
    return PreviewAsked(asked)


@transaction.atomic
def ask_about_group(
    *,
    caller: Caller,
    organization_id: UUID,
    group_id: UUID,
    add: Iterable[Member] = (),
    remove: Iterable[Member] = (),
    archived: bool | None = None,
    days: int = DAYS,
) -> PreviewAsked:
    """Ask about members of a group, or about archiving it.  Raises NotHere and NameRefused."""
    found = group_in(organization_id, group_id)
    change = {
        "add": members_as_change(meant(organization_id, add)),
        "remove": members_as_change(leaving(organization_id, group_id, remove)),
        "archived": archived,
    }
    asked = ask_preview(
        actor=caller.actor, kind="group", target=group_id, change=change, seen={"version": found.version}, days=days
    )
    return PreviewAsked(asked)


@transaction.atomic
def ask_about_person(
    *,
    caller: Caller,
    organization_id: UUID,
    person_id: UUID,
    role: str | None = None,
    disabled: bool | None = None,
    reason: str = "",
    days: int = DAYS,
) -> PreviewAsked:
    """Ask about another role, or about disabling or enabling somebody.  Raises NotHere."""
    found = person_in(organization_id, person_id)
    if role is None and disabled is None:
        raise InvalidPolicy(
            message("This changes nothing."), remedy=message("Name a role, or say whether the person is disabled.")
        )
    change = {"role": role, "disabled": disabled, "reason": free_text(reason)}
    seen = {"roles": list(found.roles), "disabled": found.disabled}
    asked = ask_preview(actor=caller.actor, kind="person", target=person_id, change=change, seen=seen, days=days)
    return PreviewAsked(asked)

"""Save a change exactly as it was previewed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from chancery.errors import Conflict, NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from portal.usecases import consequences
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, require_confirmation
from portal.usecases.losses import losing_group, losing_template
from portal.usecases.previews.drafts import NEEDS, members_of_change, template_of_change
from portal.usecases.roles import change_role, disable_person, enable_person
from portal.usecases.self_granted_access import guarding_self_granted_access
from protection.selectors.previews import PreviewFacts, preview_facts
from protection.selectors.templates import template
from protection.services.edit_template import edit_template
from protection.services.save_preview import save_preview
from tenants.directory.selectors.groups import group_in
from tenants.directory.selectors.people import person_in
from tenants.directory.selectors.roster import epoch_of
from tenants.directory.services.change_group import change_group

LOOK_AGAIN: Final = message("Look at it, then make your change again.")


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved; ``moved`` when people or groups changed after the answer, so that it may have been another."""

    kind: str
    target: UUID
    moved: bool


def preview_for(*, caller: Caller, preview: UUID) -> PreviewFacts:
    """Return a preview to a person who may make its change.  Raises NotFound for everybody else."""
    found = preview_facts(preview)
    if not caller.may(NEEDS[found.kind]):
        raise NotFound(
            message("There is no such preview; previews are kept for a day."), remedy=message("Make the change again.")
        )
    return found if found.result is None else replace(found, result=_for(caller, found.result))


def _for(caller: Caller, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer as this reader may see it: who opened what and how often is for those who may read that.

    What is said of "you" is said of the reader, not of the person who asked: each must see what they themselves would
    gain.
    """
    me = str(caller.person)
    gains, loses = ([{**one, "you": one["person"] == me} for one in result[name]] for name in ("gains", "loses"))
    shown = {**result, "gains": gains, "loses": loses, "you_gain": sum(one["documents"] for one in gains if one["you"])}
    if caller.may(Permission.AUDIT_READ) or caller.may(Permission.DOCUMENTS_READ_ALL):
        return shown
    counted = {
        name: {**part, "people": []} if isinstance(part, Mapping) else part for name, part in result["replay"].items()
    }
    return {**shown, "replay": counted}


def has_moved(organization_id: UUID, preview: PreviewFacts) -> bool:
    """Tell whether people or groups changed after the answer was made."""
    return preview.state == "done" and preview.epoch != epoch_of(organization_id)


def save(*, caller: Caller, organization_id: UUID, preview: UUID, stated: Stated) -> Saved:
    """Make the change.  Raises ConfirmationRequired, Conflict, and whatever the change itself raises."""
    looked_at = preview_for(caller=caller, preview=preview)
    moved = has_moved(organization_id, looked_at)
    reason = stated.reason
    for prompt in [] if looked_at.state == "saved" else _prompts(organization_id, looked_at):
        reason = require_confirmation(prompt, stated)

    def make(found: PreviewFacts) -> None:
        with guarding_self_granted_access(
            caller=caller, changes=found.kind, target=found.target, author=found.asked_by
        ):
            asks = _MAKERS[found.kind](caller, organization_id, found, reason)
        # Only the outcome shows who loses access; raising here takes the change back.
        if asks is not None:
            require_confirmation(asks, stated)

    done = save_preview(preview, make)
    return Saved(done.kind, done.target, moved)


def _prompts(organization_id: UUID, found: PreviewFacts) -> Iterator[ConfirmationPrompt]:
    """Yield all that has to be confirmed for this change, as it has to be without a preview."""
    change = found.change
    if found.kind == "group" and change["archived"]:
        group = group_in(organization_id, found.target)
        if not group.archived:
            yield consequences.archiving_group(group)
    if found.kind != "person":
        return
    person = person_in(organization_id, found.target)
    prompt = None if change["role"] is None else consequences.changing_role(person, change["role"])
    if prompt is not None:
        yield prompt
    if change["disabled"] is True and not person.disabled:
        yield consequences.disabling(person)


def _template(caller: Caller, organization_id: UUID, found: PreviewFacts, _reason: str) -> ConfirmationPrompt | None:
    before = template(found.target)
    edit_template(
        actor=caller.actor,
        template=found.target,
        draft=template_of_change(found.change),
        based_on=found.seen["version"],
    )
    return losing_template(organization_id, before, template(found.target))


def _group(caller: Caller, organization_id: UUID, found: PreviewFacts, _reason: str) -> ConfirmationPrompt | None:
    made = change_group(
        organization_id=organization_id,
        group_id=found.target,
        add=members_of_change(found.change["add"]),
        remove=members_of_change(found.change["remove"]),
        archived=found.change["archived"],
        actor=caller.directory_actor,
    )
    # The change has locked the group; raising here takes it back.
    if made.before.version != found.seen["version"]:
        raise Conflict(message("Another person has changed this group in the meantime."), remedy=LOOK_AGAIN)
    return losing_group(made)


def _person(caller: Caller, organization_id: UUID, found: PreviewFacts, reason: str) -> None:
    change, place = found.change, {"organization_id": organization_id, "person_id": found.target}
    known = person_in(**place)
    if (list(known.roles), known.disabled) != (found.seen["roles"], found.seen["disabled"]):
        raise Conflict(message("Another administrator has changed this person in the meantime."), remedy=LOOK_AGAIN)
    if change["role"] is not None:
        change_role(caller=caller, person_id=found.target, role=change["role"], reason=reason)
    if change["disabled"] is True:
        disable_person(caller=caller, person_id=found.target, reason=reason or change["reason"])
    if change["disabled"] is False:
        enable_person(caller=caller, person_id=found.target)


_MAKERS = {"template": _template, "group": _group, "person": _person}

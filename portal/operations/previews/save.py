"""Save a change exactly as it was previewed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from portal.operations.own_gain import watching_own_gain
from portal.operations.previews.drafts import NEEDS, members_of_change, template_of_change
from portal.operations.roles import change_role, disable_person, enable_person
from portal.operations.withdraw import change_group
from portal.permissions import Permission
from portal.standing import Standing
from protection.errors import Conflict, NotFound
from protection.selectors.previews import Asked, asked
from protection.services.edit_template import edit_template
from protection.services.save_preview import save_preview
from protection.texts import say
from tenants.directory.selectors.people import person_in
from tenants.directory.selectors.roster import epoch_of

LOOK_AGAIN: Final = say("Look at it, then make your change again.")


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved; ``moved`` when people or groups changed after the answer, so that it may have been another."""

    kind: str
    target: UUID
    moved: bool


def preview_for(standing: Standing, preview: UUID) -> Asked:
    """Return a preview to whoever may make its change.  Raises NotFound for everybody else."""
    found = asked(preview)
    if not standing.may(NEEDS[found.kind]):
        raise NotFound(
            say("There is no such preview; previews are kept for a day."), remedy=say("Make the change again.")
        )
    return found if found.result is None else replace(found, result=_for(standing, found.result))


def _for(standing: Standing, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer as this reader may see it: who opened what and how often is for those who may read that.

    What is said of "you" is said of whoever reads, not of whoever asked: each must see what he himself would gain.
    """
    me = str(standing.person)
    gains, loses = ([{**one, "you": one["person"] == me} for one in result[name]] for name in ("gains", "loses"))
    shown = {**result, "gains": gains, "loses": loses, "you_gain": sum(one["documents"] for one in gains if one["you"])}
    if standing.may(Permission.AUDIT_READ) or standing.may(Permission.DOCUMENTS_READ_ALL):
        return shown
    counted = {
        name: {**part, "people": []} if isinstance(part, Mapping) else part for name, part in result["replay"].items()
    }
    return {**shown, "replay": counted}


def has_moved(organization_id: UUID, preview: Asked) -> bool:
    """Tell whether people or groups changed after the answer was made."""
    return preview.state == "done" and preview.epoch != epoch_of(organization_id)


def save(*, standing: Standing, organization_id: UUID, preview: UUID) -> Saved:
    """Make the change.  Raises Conflict when what its editor saw has changed, and whatever the change itself raises."""
    moved = has_moved(organization_id, preview_for(standing, preview))

    def make(found: Asked) -> None:
        with watching_own_gain(standing=standing, changes=found.kind, target=found.target, author=found.asked_by):
            _MAKERS[found.kind](standing, organization_id, found)

    done = save_preview(preview, make)
    return Saved(done.kind, done.target, moved)


def _template(standing: Standing, organization_id: UUID, found: Asked) -> None:
    edit_template(
        actor=standing.actor,
        template=found.target,
        draft=template_of_change(found.change),
        based_on=found.seen["version"],
    )


def _group(standing: Standing, organization_id: UUID, found: Asked) -> None:
    made = change_group(
        organization_id=organization_id,
        group_id=found.target,
        add=members_of_change(found.change["add"]),
        remove=members_of_change(found.change["remove"]),
        archived=found.change["archived"],
        actor=standing.directory_actor,
    )
    # The change has locked the group and raised its version by one; raising here takes it back.
    if made.version != found.seen["version"] + 1:
        raise Conflict(say("Somebody else changed this group meanwhile."), remedy=LOOK_AGAIN)


def _person(standing: Standing, organization_id: UUID, found: Asked) -> None:
    change, place = found.change, {"organization_id": organization_id, "person_id": found.target}
    known = person_in(**place)
    if (known.role, known.disabled) != (found.seen["role"], found.seen["disabled"]):
        raise Conflict(say("Somebody else changed this person meanwhile."), remedy=LOOK_AGAIN)
    if change["role"] is not None:
        change_role(standing=standing, person_id=found.target, role=change["role"])
    if change["disabled"] is True:
        disable_person(standing=standing, person_id=found.target, reason=change["reason"])
    if change["disabled"] is False:
        enable_person(standing=standing, person_id=found.target)


_MAKERS = {"template": _template, "group": _group, "person": _person}

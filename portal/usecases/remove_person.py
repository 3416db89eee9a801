"""Remove a person who left: asked first with what it would do, for pages, calls and commands alike."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import grouped
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, copies_until
from portal.usecases.effects import Effect, effect
from portal.usecases.known_secrets import notify_of_known_secrets
from portal.usecases.left_behind import after_they_went, before_they_go
from portal.usecases.roles import given, require_roles
from protection.selectors.affected import affected_by_person
from protection.selectors.documents import owned_by
from tenants.connections.services.keep import forget_person
from tenants.directory.errors import NotPermitted
from tenants.directory.selectors.groups import groups_holding
from tenants.directory.selectors.people import PersonFacts, person_in
from tenants.directory.services.remove_person import remove_person as remove_person_service


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing a person means: documents that stay with the old identity, groups that lose a member.

    ``until`` is the latest moment at which licenses that the person keeps on devices can open anything.
    """

    person: PersonFacts
    documents: int
    groups: tuple[str, ...]
    until: datetime | None


def removal_of(*, caller: Caller, person_id: UUID) -> Removal:
    """Return what removing the person would do.  Raises NotHere."""
    person = person_in(caller.organization, person_id)
    groups = groups_holding(caller.organization, person_id)
    return Removal(person, owned_by(person_id), groups, affected_by_person(person_id).until)


def remove_person(*, caller: Caller, person_id: UUID, stated: Stated) -> Effect:
    """Remove the person for good, once that is confirmed.  Raises DirectoryRefused and what ``confirmed`` raises."""
    removal = removal_of(caller=caller, person_id=person_id)
    require_roles(caller, concerned=given(removal.person))
    if removal.person.is_service:
        raise NotPermitted(_("An application is not removed like a person. Disable it on the page of applications."))

    def act(reason: str) -> None:
        remove_person_service(
            organization_id=caller.organization,
            person_id=person_id,
            reason=reason,
            actor=caller.directory_actor,
        )
        forget_person(caller.organization, person_id)
        if not removal.person.disabled:
            notify_of_known_secrets(caller, removal.person)

    confirmed(_removing(removal), stated, act)
    return effect(
        True,
        _("{address} is removed. The address is free for a successor.").format(address=removal.person.email),
        "",
        copies_until(removal.until) if removal.until is not None else "",
        after_they_went(person_id),
        documents=removal.documents,
        groups=list(removal.groups),
        latest_offline_moment=removal.until,
    )


def _removing(removal: Removal) -> ConfirmationPrompt:
    address = removal.person.email
    stays = ngettext(
        "{number} document stays with the old identity. Its recipients keep their access.",
        "{number} documents stay with the old identity. Their recipients keep their access.",
        removal.documents,
    ).format(number=grouped(removal.documents))
    losing = _("These groups lose a member: {groups}.").format(groups=", ".join(removal.groups))
    return ConfirmationPrompt(
        question=_("Remove {address}?").format(address=address),
        consequences=(
            _("The person opens nothing here from the next request on."),
            *([stays] if removal.documents else []),
            *before_they_go(removal.documents),
            *([losing] if removal.groups else []),
            copies_until(removal.until),
            _(
                "The address becomes free. The next person who gets it is a new person and inherits nothing."
                " This cannot be undone."
            ),
        ),
        button=_("Remove the person"),
        confirm=address,
        typed=True,
        needs_reason=True,
        needs_fresh=True,
        leaves=removal.person.id if removal.documents else None,
    )

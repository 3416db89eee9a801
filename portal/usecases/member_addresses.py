"""Administrators add, remove and choose addresses of members, in the mail domains that the organization has proven.

An address that they add matches policies and signs nobody in: only a mailed code that the person enters does that.
What is protected for it opens for the person from then on, so it is watched like a change of groups (docs/protocol.md
P18).
"""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.notifications.addresses import mail_addresses_changed
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed
from portal.usecases.effects import Effect, effect
from portal.usecases.roles import require_scope
from portal.usecases.self_granted_access import guarding_self_granted_access
from tenants import naming
from tenants.directory.selectors.addresses import addresses_of, mailed_about
from tenants.directory.selectors.domains import domains_in
from tenants.directory.selectors.people import PersonFacts, person_in
from tenants.directory.services.add_address import add_address
from tenants.directory.services.choose_main_address import choose_main_address
from tenants.directory.services.remove_address import remove_address


@transaction.atomic
def add_member_address(*, caller: Caller, person_id: UUID, address: str) -> Effect:
    """Add an address of the organization's to a member.

    Raises NameRefused, NotHere, DirectoryRefused, and NeedsAnotherAdministrator where the caller gains access by it.
    """
    person = _person(caller, person_id)
    normal = naming.address(address)
    with guarding_self_granted_access(caller=caller, changes="address", target=person_id):
        changed = add_address(
            organization_id=caller.organization, person_id=person_id, address=normal, actor=caller.directory_actor
        )
    if changed:
        mail_addresses_changed(
            person_id, mailed_about(person_id), address=normal, change="added", by=caller.directory_actor.name
        )
    words = {"address": normal, "person": person.email}
    done = _("{address} is an address of {person} now: what is protected for it opens for them.")
    own = _("They do not sign in with it until they confirm it themselves under Your account, Addresses.")
    return effect(
        changed,
        done.format(**words),
        _("{person} has the address {address} already.").format(**words),
        own if changed else "",
        address=normal,
    )


def remove_member_address(*, caller: Caller, person_id: UUID, address: str, stated: Stated) -> Effect:
    """Take an address of the organization's from a member, asked first.  Raises NotHere and DirectoryRefused."""
    person = _person(caller, person_id)
    normal = naming.address(address)

    def act(reason: str) -> None:
        remove_address(
            person_id=person_id,
            address=normal,
            actor=caller.directory_actor,
            organization_id=caller.organization,
            reason=reason,
        )
        # The mailbox that goes may be a stranger's or a successor's, so it is not told.
        readers = mailed_about(person_id)
        mail_addresses_changed(person_id, readers, address=normal, change="removed", by=caller.directory_actor.name)

    confirmed(_removing(person, normal), stated, act)
    words = {"address": normal, "person": person_in(caller.organization, person_id).email}
    stays = _("{person} has no other address of your organization, but stays a member. Remove them if they left.")
    return effect(
        True,
        _("{address} is taken from {person} and matches nothing from now on.").format(**words),
        "",
        "" if _answered_for(caller.organization, person_id) else stays.format(**words),
        address=normal,
    )


@transaction.atomic
def make_member_main_address(*, caller: Caller, person_id: UUID, address: str) -> Effect:
    """Make an address of the organization's the main one of a member.  Raises NotHere and DirectoryRefused."""
    person = _person(caller, person_id)
    normal = naming.address(address)
    changed = choose_main_address(
        person_id=person_id, address=normal, actor=caller.directory_actor, organization_id=caller.organization
    )
    if changed:
        mail_addresses_changed(
            person_id, mailed_about(person_id), address=normal, change="main", by=caller.directory_actor.name
        )
    return effect(
        changed,
        _("{address} is the main address now (before: {before}): messages go there.").format(
            address=normal, before=person.email
        ),
        _("{address} is the main address already.").format(address=normal),
        address=normal,
    )


def _person(caller: Caller, person_id: UUID) -> PersonFacts:
    person = person_in(caller.organization, person_id)
    require_scope(caller, person)
    return person


def _answered_for(organization_id: UUID, person_id: UUID) -> bool:
    own = {one.domain for one in domains_in(organization_id) if one.proven_at}
    return any(one.proven_by and naming.domain_of(one.address) in own for one in addresses_of(person_id))


def _removing(person: PersonFacts, address: str) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Take {address} from {person}?").format(address=address, person=person.email or person.name),
        consequences=(
            _("What is protected for this address no longer opens for them; kept copies end within a minute."),
            _("What they have opened before is bound to the person and stays theirs. Take it back on its own page."),
            _("They no longer sign in with it. Sessions and devices go on; to end these, disable the person."),
            _("The address is free for its next holder, who inherits nothing of what it was never used for."),
        ),
        button=_("Take the address away"),
        confirm=address,
        needs_reason=True,
    )

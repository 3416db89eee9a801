"""The approval of hand-overs by a second administrator.

An owner decides about a document and opens it, so an administrator who hands over documents of others gives access
that nobody with a right on them has given.  This takes a second administrator, as with templates and groups
(decision 15); people who have just added or promoted each other count as one (decision 19), and nobody who has just
come by an application or by themselves is independent.  Where no independent administrator is there, only people
whom the administrator cannot just have added get documents (decision 27).
"""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from portal.subjects.owners import Owner
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.hand_overs.carry_out import begun, keeps, member, members, numbered, outcome
from portal.usecases.independence import are_independent, independent_people, party_of
from portal.usecases.self_granted_access import NeedsAnotherAdministrator
from protection.selectors.hand_overs import (
    HandOverFacts,
    documents_meant,
    hand_over_facts,
)
from protection.services.approvals import answered_words
from protection.services.hand_over import (
    AlreadyAnswered,
    approve_hand_over,
    decline_hand_over,
)
from tenants.directory.selectors.people import PersonFacts
from tenants.organizations.selectors import OrganizationFacts


def needs_approval(caller: Caller, new: Owner) -> bool:
    """Tell whether another administrator has to approve it.  Raises NeedsAnotherAdministrator where none could."""
    if who_may_approve(caller):
        return True
    if new.id in party_of(caller.organization, caller.person):
        raise NeedsAnotherAdministrator(
            message(
                "This would give the documents to you, or to a person who was just added by you or by an application,"
                " who joined by themselves or who has just added you, and no independent administrator is there to"
                " approve it."
            ),
            remedy=message(
                "Name another member, or let a second administrator approve it, who counts as independent some days"
                " after they were added."
            ),
        )
    return False


def may_approve(caller: Caller, found: HandOverFacts) -> bool:
    """Tell whether the caller may approve a hand-over: by role, and independent of who asks for it."""
    return caller.may(Permission.DOCUMENTS_HAND_OVER) and are_independent(
        caller.organization, found.asker, caller.person
    )


def approve(*, caller: Caller, organization: OrganizationFacts, hand_over_id: UUID, stated: Stated) -> Effect:
    """Approve what another administrator asked for, who is none of those that count as one with the caller.

    Raises NotFound, AlreadyAnswered, NotAMember, NeedsAnotherAdministrator and what ``require_confirmation`` raises.
    """
    found = _waiting(caller, hand_over_id)
    if not may_approve(caller, found):
        raise NeedsAnotherAdministrator(
            message(
                "You asked for this hand-over yourself, or you and the person who did are not independent: one of you"
                " was just added or given a role by the other or by an application, or joined by themselves."
            ),
            remedy=message("Ask another administrator to approve it."),
        )
    member(organization.id, found.new_address, known=found.new_owner)
    number = _documents(found)
    require_confirmation(
        ConfirmationPrompt(
            question=numbered(
                ngettext(
                    "Let {number} document of {owner} go to {address}?",
                    "Let {number} documents of {owner} go to {address}?",
                    number,
                ),
                number,
                owner=found.former_address,
                address=found.new_address,
            ),
            consequences=(
                _("{asker} asks for it: {reason}").format(asker=found.asker_address, reason=found.reason or "–"),
                _("{address} then opens them, and decides who else does.").format(address=found.new_address),
                keeps(),
            ),
            button=_("Approve"),
            confirm=found.new_address,
            needs_fresh=True,
            gives=True,
        ),
        stated,
    )
    with transaction.atomic():
        approved = approve_hand_over(actor=caller.actor, hand_over=hand_over_id)
        made = begun(organization, approved)
    return outcome([made], Owner(made.new_owner, made.new_address), made.total)


def decline(*, caller: Caller, hand_over_id: UUID, stated: Stated) -> Effect:
    """Decline a hand-over that waits; who asked for it withdraws it so.  Raises NotFound and AlreadyAnswered."""
    found = _waiting(caller, hand_over_id)
    declined = decline_hand_over(actor=caller.actor, hand_over=hand_over_id, reason=stated.reason)
    return effect(
        True,
        _("Nothing goes to {address}; the documents stay with {owner}.").format(
            address=found.new_address, owner=found.former_address
        ),
        "",
        **members([declined]),
    )


def who_may_approve(caller: Caller) -> list[PersonFacts]:
    """Return the administrators who are independent of the caller, as many as are notified."""
    return independent_people(caller.organization, caller.person, Permission.DOCUMENTS_HAND_OVER)


def _waiting(caller: Caller, hand_over_id: UUID) -> HandOverFacts:
    if not caller.may(Permission.DOCUMENTS_HAND_OVER):
        raise NotFound(message("There is no such hand-over, or you may not see it."))
    found = hand_over_facts(hand_over_id)
    if found.state != "waiting":
        said = answered_words(found.state, found.answered_address)
        raise AlreadyAnswered(said)
    return found


def _documents(found: HandOverFacts) -> int:
    """Return how many documents a hand-over still means, where it does not name them."""
    if found.named:
        return found.total
    return documents_meant(found.former_owner, template=found.template_id, label=found.label_id).count()

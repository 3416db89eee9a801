"""Carry hand-overs out: small ones at once, large ones in a worker, which goes on where another one was stopped."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import ChanceryError
from chancery.texts import message
from portal.languages import grouped
from portal.notifications.mails import mail_handed_over
from portal.subjects.owners import Owner, owner_known_as, require_owner
from portal.usecases.effects import Effect, effect
from portal.usecases.self_granted_access import (
    NOTIFIED_AT_MOST,
    enabled_with_role,
)
from protection.selectors.hand_overs import (
    HandOverFacts,
    hand_over_facts,
    running,
)
from protection.services.hand_over import (
    BATCH,
    fail_hand_over,
    hand_over_batch,
)
from tenants.directory.errors import NotPermitted
from tenants.directory.roles import AUDITOR
from tenants.directory.selectors.people import enabled_among, person_in
from tenants.organizations.selectors import OrganizationFacts, organization_by_id


class NotAMember(ChanceryError):
    """The new owner is not an enabled member of the organization."""

    code = "not_a_member"
    remedy = message("Name the address of a member of your organization who is enabled and no guest.")


def carry_on(organization_id: UUID) -> int:
    """Carry out what is to be handed over in the current organization; return how many documents were handed over."""
    organization, number = organization_by_id(organization_id), 0
    if organization is None:
        return 0
    for one in running():
        while (made := _batch(organization, one)) is not None:
            number += made
    return number


def begun(organization: OrganizationFacts, asked: HandOverFacts) -> HandOverFacts:
    """Carry a small hand-over out at once; a large one is left to the worker."""
    if asked.state != "running" or asked.total > BATCH:
        return asked
    _batch(organization, asked.id)
    return hand_over_facts(asked.id)


@transaction.atomic
def _batch(organization: OrganizationFacts, hand_over_id: UUID) -> int | None:
    """Hand the next documents over and write the mails at the end; None where nothing is left to do."""
    found = hand_over_facts(hand_over_id)
    why = _why_not(organization, found)
    if why:
        fail_hand_over(hand_over=hand_over_id, code=why)
        return None
    made = hand_over_batch(hand_over_id)
    if made is not None and made.state == "done":
        _notify(organization, made)
    return None if made is None else made.done - found.done


def _why_not(organization: OrganizationFacts, found: HandOverFacts) -> str:
    """Return why the new owner may have no more of the documents by now; "" where they may."""
    try:
        new = member(organization.id, found.new_address, known=found.new_owner)
        require_owner(organization.id, new, application=found.asker if found.by_application else None)
    except NotAMember as error:
        return error.code
    except NotPermitted:
        return "not_permitted"
    return ""


def member(organization_id: UUID, address: str, known: UUID | None = None) -> Owner:
    """Return the enabled member with an address; ``known`` is who it was when they were named.  Raises NotAMember."""
    if known is not None:
        if known in enabled_among(organization_id, [known]) and not person_in(organization_id, known).guest:
            return Owner(known, address)
    else:
        found = owner_known_as(organization_id, address)
        if found is not None:
            return found
    raise NotAMember(
        message("There is no enabled member of the organization with the address {address}.", address=address)
    )


def _notify(organization: OrganizationFacts, made: HandOverFacts) -> None:
    """Mail the new owner, the former one where they are still there, and auditors where an administrator did it."""
    if not made.done:
        return
    readers = [made.new_owner, *([] if made.by_owner else [made.former_owner])]
    present = enabled_among(organization.id, readers)
    people = [person_in(organization.id, one) for one in readers if one in present]
    if not made.by_owner:
        watching = [one for one in enabled_with_role(organization.id, AUDITOR) if one.id not in present]
        people += watching[:NOTIFIED_AT_MOST]
    mail_handed_over([one for one in people if one.email], made, organization=organization)


def outcome(made: Sequence[HandOverFacts], new: Owner, documents: int) -> Effect:
    """Return what came of hand-overs to one person."""
    states = {one.state for one in made}
    if "waiting" in states:
        words = ngettext(
            "{number} document goes to {address} once another administrator has approved it.",
            "{number} documents go to {address} once another administrator has approved it.",
            documents,
        )
    elif "running" in states:
        words = ngettext(
            "{number} document is being handed over to {address}.",
            "{number} documents are being handed over to {address}.",
            documents,
        )
    else:
        words = ngettext(
            "{number} document belongs to {address} now.", "{number} documents belong to {address} now.", documents
        )
    done = numbered(words, documents, address=new.address)
    return effect(True, done, "", **members(made))


def members(made: Sequence[HandOverFacts]) -> dict[str, object]:
    """Return what the API answers of hand-overs."""
    return {
        "documents": sum(one.total for one in made),
        "hand_overs": [{"id": str(one.id), "state": one.state} for one in made],
    }


def numbered(words: str, number: int, **values: str) -> str:
    """Return words with a number as the reader writes it."""
    return words.format(number=grouped(number), **values)


def keeps() -> str:
    """Say what those keep who lose an owner's rights."""
    return _("Those who owned or protected them until now keep only what their policies grant them.")

"""Ask for a hand-over: what is meant, whose it is, and what it does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.policy.policy import Principal
from chancery.texts import message
from portal.languages import grouped
from portal.notifications.mails import mail_hand_over_waits
from portal.subjects.owners import Owner, owner_meant, person_meant, require_owner
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, moment_in_words, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.hand_overs.approval import needs_approval, who_may_approve
from portal.usecases.hand_overs.carry_out import begun, keeps, member, numbered, outcome
from protection.selectors.affected import affected_by_people
from protection.selectors.hand_overs import (
    documents_meant,
    owner_row,
    owners_of,
)
from protection.services.hand_over import (
    Person,
    Which,
    ask_hand_over,
)
from tenants.directory.errors import NotPermitted
from tenants.organizations.selectors import OrganizationFacts


@dataclass(frozen=True, slots=True)
class HandOverRequest:
    """What is to be handed over to the member with the address ``to``.

    These documents, or else all of ``owner`` (an address or a person's id; "" for the caller), under one template or
    label where one is named.
    """

    to: str
    cids: tuple[UUID, ...] = ()
    owner: str = ""
    template: UUID | None = None
    label: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """The documents of one owner."""

    owner: Person
    which: Which
    documents: int


def hand_over(*, caller: Caller, organization: OrganizationFacts, requested: HandOverRequest, stated: Stated) -> Effect:
    """Hand documents over, once that is confirmed; those of others wait for another administrator.

    Whoever may not know who is a member is asked first, and learns it by the act alone, of which the new owner is
    mailed: until then the answer is the same for every address.  Raises NotFound, NotAMember, NotPermitted,
    SeveralOwners, NeedsAnotherAdministrator and what ``require_confirmation`` raises.
    """
    parts = [one for one in _parts(caller, organization, requested) if one.documents]
    if not caller.knows_members:
        named = Principal.of_address(requested.to).value
        if not parts:
            return _nothing(named)
        require_confirmation(_question(caller, parts, named, waits=False), stated)
    new = _new_owner(caller, organization, requested.to)
    parts = [one for one in parts if one.owner.id != new.id]
    documents = sum(one.documents for one in parts)
    if not parts:
        return _nothing(new.address)
    for_others = any(one.owner.id != caller.person for one in parts)
    waits = for_others and needs_approval(caller, new)
    reason = require_confirmation(_question(caller, parts, new.address, waits=waits), stated)
    with transaction.atomic():
        asked = [
            ask_hand_over(
                actor=caller.actor,
                former=one.owner,
                new=Person(new.id, new.address),
                which=one.which,
                reason=reason,
                waits=waits and one.owner.id != caller.person,
            )
            for one in parts
        ]
        if waits:
            mail_hand_over_waits(who_may_approve(caller), asked, organization=organization)
        made = [begun(organization, one) for one in asked]
    return outcome(made, new, documents)


def _nothing(address: str) -> Effect:
    said = _("There is no document to hand over to {address}.").format(address=address)
    return effect(False, "", said, documents=0, hand_overs=[])


def _new_owner(caller: Caller, organization: OrganizationFacts, address: str) -> Owner:
    """Return whom the caller may give documents to: an application only those for whom it may protect them.

    Raises NotAMember and NotPermitted.
    """
    if caller.is_application and not caller.may(Permission.FILES_PROTECT_FOR_OTHERS):
        raise NotPermitted(_("You may not protect documents for another owner."))
    new = member(organization.id, address)
    require_owner(organization.id, new, application=caller.person if caller.is_application else None)
    return new


def _parts(caller: Caller, organization: OrganizationFacts, requested: HandOverRequest) -> list[_Part]:
    """Return what is meant, by owner.  Raises NotFound for whose documents the caller may not hand over."""
    if not requested.cids:
        owner = _owner(caller, organization, requested.owner)
        which = Which(template=requested.template, label=requested.label)
        meant = documents_meant(owner.id, template=which.template, label=which.label)
        return [_Part(owner, which, meant.count())]
    known = owners_of(requested.cids)
    by_owner: dict[UUID, list[UUID]] = {}
    for cid in dict.fromkeys(requested.cids):
        row = known.get(cid)
        if row is None or not _may_hand_over(caller, row.id):
            raise NotFound(
                message("There is no such document, or you do not own it."),
                remedy=message("Only the owner of a document hands it over, or an administrator."),
            )
        by_owner.setdefault(row.id, []).append(cid)
    addresses = {row.id: row.address for row in known.values()}
    return [_Part(Person(one, addresses[one]), Which(cids=tuple(cids)), len(cids)) for one, cids in by_owner.items()]


def _owner(caller: Caller, organization: OrganizationFacts, named: str) -> Person:
    """Return whose documents are meant: the caller's, or those of a person named by address or id, also a former one.

    Raises NotFound and SeveralOwners.
    """
    if not named or person_meant(organization.id, named) == caller.person:
        row = owner_row(caller.person)
        return Person(caller.person, caller.address if row is None else row.address)
    found = owner_meant(organization.id, named) if caller.may(Permission.DOCUMENTS_HAND_OVER) else None
    if found is not None:
        return Person(found.id, found.address)
    raise NotFound(
        message("No document here is owned by {owner}, or you may not hand them over.", owner=named),
        remedy=message("See: chancery person departed"),
    )


def _may_hand_over(caller: Caller, owner: UUID) -> bool:
    return owner == caller.person or caller.may(Permission.DOCUMENTS_HAND_OVER)


def _question(caller: Caller, parts: Sequence[_Part], address: str, *, waits: bool) -> ConfirmationPrompt:
    number = sum(one.documents for one in parts)
    others = [one.owner.address for one in parts if one.owner.id != caller.person]
    until = affected_by_people([one.owner.id for one in parts]).until
    return ConfirmationPrompt(
        question=numbered(
            ngettext("Hand {number} document over to {address}?", "Hand {number} documents over to {address}?", number),
            number,
            address=address,
        ),
        consequences=(*_consequences(others, address, waits=waits), *_kept_until(until)),
        button=ngettext("Hand over {number} document", "Hand over {number} documents", number).format(
            number=grouped(number)
        ),
        confirm=address,
        needs_reason=bool(others),
        offers="" if others else "reason",
        needs_fresh=bool(others),
    )


def _kept_until(until: datetime | None) -> Iterable[str]:
    """Say until when those who lose an owner's rights open documents with what their devices keep."""
    if until is not None:
        yield _(
            "What devices of the former owner keep of them ends within a minute; on devices that do not connect, {when}"
            " at the latest."
        ).format(when=moment_in_words(until))


def _consequences(others: Sequence[str], address: str, *, waits: bool) -> Iterable[str]:
    yield _(
        "{address} owns them from then on: opens them, decides who else does, answers requests for access, and gets a"
        " mail about it."
    ).format(address=address)
    if others:
        yield _("They are owned by {owners} now.").format(owners=", ".join(others))
    else:
        yield _("{address} can hand them back to you.").format(address=address)
    yield keeps()
    yield _("Recipients keep their access.")
    if waits:
        yield _("Another administrator has to approve it; they are asked by mail.")
    elif others:
        yield _("No independent administrator is there to approve it, so it happens at once; auditors are notified.")

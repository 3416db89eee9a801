"""Access requests: a refused person asks, and the owner grants or declines; each is notified."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chancery.errors import ChanceryError, Conflict, NotFound
from chancery.policy.rights import Right, in_order, levels_beyond
from chancery.policy.subject import Subject
from chancery.policy.words import rights_in_words
from chancery.texts import message
from portal import clock
from portal.languages import translate
from portal.notifications.mails import mail_access_declined, mail_access_granted, mail_access_request
from portal.subjects.subject import is_active
from portal.subjects.visible_people import visible_person_at
from portal.usecases.caller import Caller
from portal.usecases.confirmation import moment_in_words
from portal.usecases.effects import Effect, effect
from portal.words.access_levels import LEVELS
from protection.selectors.blockers import Blockers, Change, blockers_of
from protection.selectors.budgets import is_paused
from protection.selectors.requests import RequestRow, newest_of, request_for
from protection.selectors.why import OwnWhy, own_why
from protection.services.decline_request import decline_request as decline_request_service
from protection.services.grant_request import Terms
from protection.services.grant_request import grant_request as grant_request_service
from protection.services.request_access import RequestChange, RequestedAccess, refusal_to_ask
from protection.services.request_access import request_access as request_access_service
from tenants import naming
from tenants.directory.selectors.domains import organization_of_domain
from tenants.directory.selectors.people import membership_at, reader_of
from tenants.directory.selectors.subject import SubjectRow, subject_row
from tenants.organizations.selectors import OrganizationFacts


@dataclass(frozen=True, slots=True)
class OwnStanding:
    """What people read about themselves and one document, and what they asked for last.

    ``levels`` are those that they can ask for now; where there is none, ``refusal`` says why.
    """

    why: OwnWhy
    asked: RequestRow | None
    levels: tuple[str, ...]
    refusal: ChanceryError | None


def explain_to_caller(
    *, caller: Caller, organization: OrganizationFacts, cid: UUID, right: Right = Right.VIEW
) -> OwnStanding:
    """Tell the caller what they may do with a document.  Raises NotFound where they have nothing to do with it."""
    why = own_why(
        organization=organization.id,
        service_active=organization.service_active,
        cid=cid,
        subject=replace(caller.known_subject, paused=is_paused(caller.person)),
        right=right,
        now=clock.now(),
    )
    refusal = refusal_to_ask(person=caller.person, cid=cid, found=why, address=_asking_address(caller))
    levels = () if refusal is not None else levels_beyond(Right(name) for name in why.rights)
    return OwnStanding(why, newest_of(caller.person, cid), levels, refusal)


@dataclass(frozen=True, slots=True)
class AskedForAccess:
    """A request as it is now, and whether it is new."""

    request: RequestRow
    fresh: bool


@transaction.atomic
def request_access(
    *, caller: Caller, organization: OrganizationFacts, cid: UUID, requested: RequestedAccess
) -> AskedForAccess:
    """Ask, and mail owner and issuer when the request is new or wants more.

    Raises what ``request_access`` raises.
    """
    address = _asking_address(caller)
    change = request_access_service(
        actor=caller.actor,
        organization=organization.id,
        service_active=organization.service_active,
        cid=cid,
        subject=caller.known_subject,
        address=address,
        place=_place_of(caller.person, address),
        requested=requested,
        now=clock.now(),
    )
    asked = newest_of(caller.person, cid)
    if asked is None:
        raise NotFound(message("The request no longer exists."))
    if change is not RequestChange.CHANGED:
        _notify_those_who_answer(asked, organization, more=change is RequestChange.RAISED)
    return AskedForAccess(asked, change is RequestChange.NEW)


def _notify_those_who_answer(asked: RequestRow, organization: OrganizationFacts, *, more: bool) -> None:
    """Mail owner and issuer where they are reached today: the document keeps the addresses of when it was protected."""
    for person in dict.fromkeys((asked.owner_id, asked.deciding_issuer)):
        address = "" if person is None else _address_today(person, organization)
        if person is None or not address:
            continue
        mail_access_request(
            person=person,
            address=address,
            asked=asked,
            level=LEVELS.get(asked.wanted, asked.wanted),
            organization=organization,
            more=more,
        )


def _address_today(person: UUID, organization: OrganizationFacts) -> str:
    """Return the address that somebody signs in with if it is proven, else another one; "" for who may not act."""
    row = subject_row(person, organization.id)
    if row is None or not is_active(row, organization.id):
        return ""
    return row.email if row.email in row.addresses else min(row.addresses, default="")


def _asking_address(caller: Caller) -> str:
    """Return the address that the caller signs in with if it is proven, else another one that is, or ""."""
    proven = caller.known_subject.addresses
    return caller.address if caller.address in proven else min(proven, default="")


def _place_of(person: UUID, address: str) -> str:
    """Return the name of the person's organization that has proven the domain of an address of theirs, or ""."""
    owner = organization_of_domain(naming.domain_of(address)) if address else None
    place = None if owner is None else membership_at(owner, person)
    return "" if place is None or place.guest or place.disabled else place.name


class RequesterGone(Conflict):
    """The person who asked cannot open anything any more, or is not known by the address they asked under."""

    code = "requester_gone"
    remedy = message("Decline the request.")


def request_blockers(*, caller: Caller, organization: OrganizationFacts, request: RequestRow) -> Blockers:
    """Return what giving access would have to change, as far as this organization can see it."""
    return blockers_of(
        organization=organization.id,
        cid=request.cid,
        subject=_subject_of(caller, organization, request),
        address=request.address,
        now=clock.now(),
    )


@transaction.atomic
def grant_request(*, caller: Caller, organization: OrganizationFacts, request_id: UUID, terms: Terms) -> Effect:
    """Give access and notify the person; say what they may do until when, and what else was changed for it.

    Raises what the service raises, and RequesterGone.
    """
    request = request_for(caller.actor, request_id)
    _check_requester(organization, request)
    granted = grant_request_service(
        actor=caller.actor,
        organization=organization.id,
        request_id=request_id,
        subject=_subject_of(caller, organization, request),
        terms=terms,
        now=clock.now(),
    )
    mail_access_granted(request=request, owner=caller.address, granted=granted)
    said = _("{address} has access and may: {rights}. It ends: {end}.").format(
        address=request.address,
        rights=translate(rights_in_words(in_order(granted.rights))),
        end=_("never") if granted.ends is None else moment_in_words(datetime.fromtimestamp(granted.ends, UTC)),
    )
    return effect(
        True,
        " ".join([said, *(str(_CHANGED[one]) for one in granted.changes)]),
        "",
        "",
        id=str(granted.request),
        rights=in_order(granted.rights),
        ends=granted.ends,
        changes=[one.value for one in granted.changes],
    )


_CHANGED: Final = {
    Change.RESTORE: gettext_lazy("What was taken back from them is given back."),
    Change.RENEW: gettext_lazy("Their days from the first opening begin anew."),
    Change.EXTEND: gettext_lazy("Access ends later for everyone whom the document names."),
    Change.ADMIT: gettext_lazy("The entries that denied them access are removed, for everyone whom they name."),
}


@transaction.atomic
def decline_request(*, caller: Caller, organization: OrganizationFacts, request_id: UUID, message: str = "") -> Effect:
    """Decline and notify the person, who does not read the document's name.  Raises what the service raises.

    Nobody is notified under an address that is not the person's any more: the answer is not for its next holder.
    """
    request = request_for(caller.actor, request_id)
    decline_request_service(actor=caller.actor, request_id=request_id, message=message)
    if _has_address(subject_row(request.person_id, organization.id), request):
        mail_access_declined(request=request, owner=caller.address, message=message)
    return effect(
        True,
        _("The request of {address} is declined. Nothing about the document has changed.").format(
            address=request.address
        ),
        "",
        "",
        id=str(request.id),
        state="declined",
    )


def _check_requester(organization: OrganizationFacts, request: RequestRow) -> None:
    """Make sure that the person who asked could use what they are granted.  Raises RequesterGone.

    It is asked only when somebody answers, and why is not said: what another organization has done with the account of
    one of its people, and when, is not this organization's business (docs/protocol.md P20).
    """
    row = subject_row(request.person_id, organization.id)
    if row is None or not is_active(row, organization.id) or not _has_address(row, request):
        raise RequesterGone(
            message("The person who asked can no longer open anything as {address}.", address=request.address)
        )


def _has_address(row: SubjectRow | None, request: RequestRow) -> bool:
    """Tell whether the person who asked still has the address under which they did."""
    return row is not None and (request.address in row.addresses or reader_of(request.address) == row.person_id)


def _subject_of(caller: Caller, organization: OrganizationFacts, request: RequestRow) -> Subject:
    """Return the person who asks as this organization knows them; asking states that both are the same."""
    known = visible_person_at(organization.id, request.address, inside=caller.knows_members)
    return replace(known.subject, person=request.person_id)

"""A refused person asks for access to a document."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chancery.errors import ChanceryError, Conflict, NotFound
from chancery.ledger.kinds import Kind
from chancery.policy.reasons import MAY_BE_ASKED, WORDS
from chancery.policy.rights import Right, expand, levels_beyond, parse_rights
from chancery.policy.subject import Subject
from chancery.texts import message
from protection.actor import Actor
from protection.models import AccessRequest, RequestState
from protection.selectors.attempts import last_refusal
from protection.selectors.why import DisclosedReason, OwnWhy, own_why
from protection.services.recording import record_action

REFUSED_DAYS: Final = 30
"""How long a refusal counts as the proof that somebody holds the file."""
ASKED_A_DAY: Final = 20
"""How many requests one person may make in a day, over all documents of the organization."""
ASKED_AGAIN: Final = 3
"""How many refusals by the owner end the asking about one document for the days above."""


class MayOpen(Conflict):
    """Nothing to ask for: the person may open the document and has what the level gives."""

    code = "may_open"
    remedy = message("Open the file.")


class HasLevel(MayOpen):
    """The person has what the level gives; a higher one could be asked for."""

    remedy = message("Open the file, or ask for a higher level.")


class NotForTheOwner(Conflict):
    """The person is refused for something that no grant to them would change."""

    code = "nothing_to_ask"


class AskedTooOften(Conflict):
    """The person has asked as often as they may."""

    code = "asked_too_often"
    remedy = message("Wait for the answers, or write to the owner.")


class NoProvenAddress(Conflict):
    """The person has not proven any address, so the owner could not know whom they give access."""

    code = "no_proven_address"
    remedy = message("Confirm an address on the page of your account, then ask again.")


@dataclass(frozen=True, slots=True)
class RequestedAccess:
    """What somebody asks for: a level of rights, with a note to the owner."""

    level: str
    note: str = ""


class RequestChange(StrEnum):
    """What asking has changed."""

    NEW = "new"
    """There is a new request."""
    RAISED = "raised"
    """An open request now wants more than before."""
    CHANGED = "changed"
    """An open request has another note or wants no more than before."""


@transaction.atomic
def request_access(
    *,
    actor: Actor,
    organization: UUID,
    service_active: bool,
    cid: UUID,
    subject: Subject,
    address: str,
    place: str,
    requested: RequestedAccess,
    now: int,
) -> RequestChange:
    """Ask the owner for access; return what came of it.

    ``address`` is one that they have proven, by which the owner sees them, "" where there is none; ``place`` is the
    organization of theirs that has proven its domain.  What else they belong to is not the owner's
    business (docs/protocol.md P20).
    Asking again while the request is open changes what is asked for and nothing else.  Raises NotFound for a person who
    neither may open the document nor was refused lately, and whatever ``refusal_to_ask`` returns.
    """
    found = own_why(
        organization=organization,
        service_active=service_active,
        cid=cid,
        subject=subject,
        right=Right.VIEW,
        now=now,
    )
    refused = refusal_to_ask(person=actor.person, cid=cid, found=found, address=address, level=requested.level)
    if refused is not None:
        raise refused
    # Empty for a person who may open the document and asks for more.
    reason = "" if found.rights else last_refusal(actor.person, cid, days=REFUSED_DAYS) or ""
    wanted = {"wanted": requested.level, "note": requested.note[:500]}
    asked = AccessRequest.objects.filter(content_id=cid, person_id=actor.person, state=RequestState.OPEN).first()
    if asked is None:
        asked, fresh = _opened(actor, address, place, cid, {**wanted, "reason": reason})
        if fresh:
            return RequestChange.NEW
    # An answer that came in between counts: it was given to what was asked before.
    AccessRequest.objects.filter(id=asked.id, state=RequestState.OPEN).update(**wanted)
    more = not expand(parse_rights([requested.level])) <= expand(parse_rights([asked.wanted]))
    return RequestChange.RAISED if more else RequestChange.CHANGED


def _opened(actor: Actor, address: str, place: str, cid: UUID, members: dict[str, str]) -> tuple[AccessRequest, bool]:
    """Return the person's open request, and whether it is new; a new one is recorded."""
    known = {"address": address, "name": actor.name[:200], "place": place[:200]}
    asked, fresh = AccessRequest.objects.get_or_create(
        content_id=cid, person_id=actor.person, state=RequestState.OPEN, defaults={**members, **known}
    )
    if fresh:
        details = {"request": str(asked.id), "level": members["wanted"]}
        record_action(Kind.ACCESS_REQUESTED, actor, content=asked.content, details=details)
    return asked, fresh


def refusal_to_ask(
    *, person: UUID, cid: UUID, found: OwnWhy, address: str, level: str | None = None
) -> ChanceryError | None:
    """Return why somebody cannot ask for a level, or for any; None when they can.

    Interfaces that offer to ask look here first, so that nothing is offered that would be refused.
    """
    held = frozenset(Right(name) for name in found.rights)
    if held:
        beyond = levels_beyond(held)
        if not beyond:
            return MayOpen(message("You may do everything with this document that can be asked for."))
        if level is not None and level not in beyond:
            return HasLevel(message("You have the rights of this level already; there is nothing to ask for."))
    elif last_refusal(person, cid, days=REFUSED_DAYS) is None:
        return NotFound(
            message("There is no such document, or you were not refused lately."),
            remedy=message("Open the file, then ask."),
        )
    else:
        for disclosed in found.reasons:
            if disclosed.reason not in MAY_BE_ASKED:
                return _not_for_the_owner(disclosed, found.contact)
    if AccessRequest.objects.filter(content_id=cid, person_id=person, state=RequestState.OPEN).exists():
        return None
    if not address:
        return NoProvenAddress(message("You have not confirmed any address of yours."))
    return _too_often(person, cid)


def _not_for_the_owner(disclosed: DisclosedReason, contact: str) -> NotForTheOwner:
    """Refuse to ask the owner for what they cannot give to one person."""
    words = WORDS[disclosed.reason]
    return NotForTheOwner(
        message("{person} A request for access would not change that.", person=words.person),
        remedy=message("{advice} The owner is {contact}.", advice=disclosed.detail or words.next_step, contact=contact),
    )


def _too_often(person: UUID, cid: UUID) -> AskedTooOften | None:
    mine, now = AccessRequest.objects.filter(person_id=person), timezone.now()
    if mine.filter(asked_at__gt=now - timedelta(days=1)).count() >= ASKED_A_DAY:
        return AskedTooOften(message("You have asked for {number} documents in one day.", number=ASKED_A_DAY))
    declined = mine.filter(content_id=cid, state=RequestState.DECLINED)
    if declined.filter(asked_at__gt=now - timedelta(days=REFUSED_DAYS)).count() >= ASKED_AGAIN:
        return AskedTooOften(
            message("The owner has declined {times} times in {days} days.", times=ASKED_AGAIN, days=REFUSED_DAYS)
        )
    return None

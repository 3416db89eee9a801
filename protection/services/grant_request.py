"""Give a person who asked access to a document: rights, until when, and what has to change for it."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from chancery.errors import Conflict, InvalidPolicy
from chancery.ledger.kinds import Kind
from chancery.policy.evaluate import access_ends
from chancery.policy.reasons import WORDS
from chancery.policy.rights import Right, expand, in_order, parse_rights
from chancery.policy.subject import Subject
from chancery.texts import joined, message
from protection.actor import Actor
from protection.models import AccessRequest, Content, FirstOpening, PersonalGrant, RequestState
from protection.selectors.blockers import Blockers, Change, blockers_of, changed
from protection.selectors.decisions import facts_about
from protection.selectors.licensing import registered_policy
from protection.services.access import open_request
from protection.services.change import change
from protection.services.feed import invalidate_revisions_below, touch
from protection.services.paused import refuse_paused
from protection.services.recording import record_action
from protection.services.restore import restore


class StillBlocked(Conflict):
    """The grant alone would not let the person in, and what blocks access was not to be changed or cannot be."""

    code = "still_blocked"


class AnotherLevel(Conflict):
    """What was asked for is not, or no longer, what the person who answers has seen."""

    code = "another_level"
    remedy = message("Look at the request again, then name the level that you saw, or the rights that you give.")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is given: rights until a moment in seconds since 1970, None for no end of its own.

    ``rights`` is None for the level that is asked for, which ``level`` then names as it was seen: the person who asked
    may have changed it since.  ``lift`` names what else may be changed, as it was seen to block access: see
    ``Blockers.messages``.
    """

    rights: frozenset[Right] | None = None
    until: int | None = None
    level: str = ""
    lift: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Granted:
    """What was given.  ``ends`` is when access ends, as ``chancery.policy.evaluate.access_ends`` says."""

    request: UUID
    rights: frozenset[Right]
    ends: int | None
    changes: tuple[Change, ...]


@transaction.atomic
def grant_request(
    *, actor: Actor, organization: UUID, request_id: UUID, subject: Subject, terms: Terms, now: int
) -> Granted:
    """Answer a request with yes; issuer and owner may.

    ``subject`` is the person who asks as this organization knows them.  After a grant the person is not kept out by
    anything that this organization can see: where they still would be, nothing is changed.  Raises NotFound,
    OnlyTheOwner, PausedGivesNothing, AlreadyAnswered, AnotherLevel, StillBlocked and InvalidPolicy.
    """
    request, content, basis = open_request(actor, request_id)
    refuse_paused(actor)
    rights = _rights(request, terms)
    if Right.VIEW not in expand(rights):
        raise InvalidPolicy(
            message("Access without the right to read opens nothing."), remedy=message("Name a level, or VIEW too.")
        )
    if terms.until is not None and terms.until <= now:
        raise InvalidPolicy(
            message("The end of the access has passed already."), remedy=message("Name a moment to come, or no end.")
        )
    needed = blockers_of(organization=organization, cid=content.cid, subject=subject, address=request.address, now=now)
    _refuse_what_stays(needed, lift=terms.lift)
    if Change.RESTORE in needed.changes:
        restore(actor=actor, cid=content.cid, recipient=request.address)
    if Change.RENEW in needed.changes:
        FirstOpening.objects.filter(content=content, person_id=request.person_id).delete()
    policy = registered_policy(content)
    renewed = changed(policy, needed, until=terms.until)
    if renewed != policy:
        change(actor=actor, cid=content.cid, policy=renewed, request=request.id)
        content.refresh_from_db()
    _give(actor, content, request, rights, terms.until)
    _answer(actor, request, rights, terms.until)
    details = {"request": str(request.id), "basis": basis, "rights": in_order(rights), "until": terms.until}
    record_action(
        Kind.ACCESS_GRANTED,
        actor,
        content=content,
        recipient=request.address,
        details={**details, "changes": [one.value for one in needed.changes]},
    )
    ends = _end(organization=organization, content=content, subject=subject, now=now)
    return Granted(request.id, rights, ends, needed.changes)


def _rights(request: AccessRequest, terms: Terms) -> frozenset[Right]:
    """Return what is given: what was named, else the level asked for, if it is the one that was seen."""
    if terms.rights is not None:
        return terms.rights
    if terms.level != request.wanted:
        raise AnotherLevel(message("This person now asks for the level {wanted}.", wanted=request.wanted))
    return parse_rights([request.wanted])


def _refuse_what_stays(needed: Blockers, *, lift: frozenset[str]) -> None:
    if needed.blocked:
        one = needed.blocked[0]
        why = joined((text for text in (WORDS[one.reason].owner, one.detail) if text), " ")
        raise StillBlocked(
            message("This person would still be refused: {why}", why=why),
            remedy=message("Change that on the document's page first, or decline the request."),
        )
    unseen = [words for name, words in needed.messages.items() if name not in lift]
    if unseen:
        raise StillBlocked(
            message("This person would still be refused: {why}", why=joined(unseen, " ")),
            remedy=message(
                "Look at the request again, then name all that is to be changed too, or decline the request."
            ),
        )


def _give(actor: Actor, content: Content, request: AccessRequest, rights: frozenset[Right], until: int | None) -> None:
    """Write the grant that the decision reads; taking something away invalidates cached licenses."""
    old = PersonalGrant.objects.filter(content=content, person_id=request.person_id).first()
    PersonalGrant.objects.update_or_create(
        content=content,
        person_id=request.person_id,
        defaults={
            "address": request.address,
            "rights": in_order(rights),
            "until": until,
            "given_at": Now(),
            "given_by": actor.person,
        },
    )
    if old is None or _gives_as_much(old, rights, until):
        touch()
    else:
        content.rev += 1
        content.save(update_fields=["rev"])
        invalidate_revisions_below(bytes(content.feed_id), content.rev)


def _gives_as_much(old: PersonalGrant, rights: frozenset[Right], until: int | None) -> bool:
    as_long = until is None or (old.until is not None and old.until <= until)
    return as_long and expand(Right(name) for name in old.rights) <= expand(rights)


def _answer(actor: Actor, request: AccessRequest, rights: frozenset[Right], until: int | None) -> None:
    request.state, request.answered_by = RequestState.GRANTED, actor.person
    request.rights, request.until = in_order(rights), until
    request.answered_at = Now()
    request.save(update_fields=["state", "answered_by", "answered_at", "rights", "until"])


def _end(*, organization: UUID, content: Content, subject: Subject, now: int) -> int | None:
    """Return when access ends once the grant counts."""
    facts = facts_about(organization=organization, pl_digest=bytes(content.pl_digest), subject=subject)
    if facts is None:
        return None
    return access_ends(organization=facts.organization, content=facts.content, subject=subject, now=now)

"""Give documents another owner: who protected them stays a fact, and the new owner decides from then on.

A hand-over is a row, carried out in batches of one transaction each: after an interruption it goes on with what the
former owner still has, so nothing is done twice and nothing is left out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from audit.services.record import record_many
from audit.statements import event_parameters
from chancery.errors import Conflict, NotFound
from chancery.ledger.kinds import Kind, Outcome
from chancery.policy.case import Basis
from chancery.texts import message
from protection.actor import Actor
from protection.models import Content, ContentRevocation, HandOver, HandOverState, ProtectionTemplate
from protection.selectors.decisions import ADMINISTRATOR
from protection.selectors.hand_overs import HandOverFacts, documents_meant, facts_of
from protection.selectors.licensing import named_facts
from protection.services.approvals import answered_words
from protection.services.feed import invalidate_all_of
from protection.services.paused import refuse_paused
from protection.services.recording import personal_of, record_action

BATCH: Final = 500
"""Documents of one transaction: it holds their rows and the feed for as long as it takes."""


class AlreadyAnswered(Conflict):
    """Another person has approved or declined it, and the first answer counts."""

    code = "already_answered"
    remedy = message("Look at the hand-over to see the answer.")


@dataclass(frozen=True, slots=True)
class Person:
    """The former or the new owner."""

    id: UUID
    address: str


@dataclass(frozen=True, slots=True)
class Which:
    """Which documents of their owner are meant: these, or all, under one template or label where one is named."""

    cids: tuple[UUID, ...] | None = None
    template: UUID | None = None
    label: UUID | None = None


@transaction.atomic
def ask_hand_over(
    *, actor: Actor, former: Person, new: Person, which: Which, reason: str = "", waits: bool = False
) -> HandOverFacts:
    """Note a hand-over; with ``waits`` it begins when another administrator has approved it, which is recorded.

    Raises PausedGivesNothing.
    """
    refuse_paused(actor)
    by_owner = actor.person == former.id
    row = HandOver.objects.create(
        former_owner=former.id,
        former_address=former.address,
        new_owner=new.id,
        new_address=new.address,
        cids=None if which.cids is None else list(which.cids),
        template_id=which.template,
        label_id=which.label,
        by_owner=by_owner,
        asked_by=actor.as_json(),
        reason=reason[:500],
        state=HandOverState.WAITING if waits else HandOverState.RUNNING,
        total=documents_meant(former.id, cids=which.cids, template=which.template, label=which.label).count(),
    )
    if not by_owner:
        _record(Kind.HAND_OVER_ASKED, actor, row, {} if waits else {"alone": True})
    row.refresh_from_db()
    return facts_of(row)


@transaction.atomic
def approve_hand_over(*, actor: Actor, hand_over: UUID) -> HandOverFacts:
    """Let a hand-over begin.  Raises NotFound, PausedGivesNothing and AlreadyAnswered."""
    refuse_paused(actor)
    return _answer(actor, hand_over, HandOverState.RUNNING, Kind.HAND_OVER_APPROVED)


@transaction.atomic
def decline_hand_over(*, actor: Actor, hand_over: UUID, reason: str = "") -> HandOverFacts:
    """End a hand-over that waits for approval; nothing about the documents changes.

    Raises NotFound and AlreadyAnswered.
    """
    return _answer(actor, hand_over, HandOverState.DECLINED, Kind.HAND_OVER_DECLINED, reason)


@transaction.atomic
def fail_hand_over(*, hand_over: UUID, code: str) -> None:
    """End a hand-over that cannot go on, and record why; what was handed over stays so."""
    row = HandOver.objects.select_for_update().filter(id=hand_over, state=HandOverState.RUNNING).first()
    if row is None:
        return
    row.state, row.ended_at = HandOverState.FAILED, Now()
    row.save(update_fields=["state", "ended_at"])
    _record(Kind.HAND_OVER_FAILED, Actor.from_json(row.asked_by), row, {}, outcome=Outcome.FAILED, reason=code)


@transaction.atomic
def hand_over_batch(hand_over: UUID) -> HandOverFacts | None:
    """Hand the next documents over; return how far it is, or None where another worker is at it or nothing is to do.

    The number of statements does not depend on the number of documents.
    """
    row = HandOver.objects.select_for_update(skip_locked=True).filter(id=hand_over, state=HandOverState.RUNNING).first()
    if row is None:
        return None
    meant = documents_meant(row.former_owner, cids=row.cids, template=row.template_id, label=row.label_id)
    contents = list(meant.select_for_update().order_by("cid")[: BATCH + 1])
    more, contents = len(contents) > BATCH, contents[:BATCH]
    if contents:
        _give(row, contents)
    row.done += len(contents)
    row.total = max(row.total, row.done)
    if not more:
        row.state, row.ended_at, row.total = HandOverState.DONE, Now(), row.done
    row.save(update_fields=["done", "total", "state", "ended_at"])
    row.refresh_from_db()
    return facts_of(row)


def _give(row: HandOver, contents: Sequence[Content]) -> None:
    """Set the new owner, record each document, and invalidate what those who lose an owner's rights have kept.

    Nobody else loses anything, so licenses of recipients stay; the raised revision makes the next edition's key a new
    one (docs/protocol.md P11).
    """
    record_many(_events(row, contents))
    Content.objects.filter(cid__in=[one.cid for one in contents]).update(
        owner_id=row.new_owner, owner_address=row.new_address, handed_over_at=Now(), rev=F("rev") + 1
    )
    losing = {row.former_owner, *(one.issuer_id for one in contents if one.handed_over_at is None)} - {row.new_owner}
    _take_over_revocations(row.new_owner, contents, losing)
    for person in sorted(losing):
        invalidate_all_of(person)


def _take_over_revocations(new_owner: UUID, contents: Sequence[Content], losing: Collection[UUID]) -> None:
    """Let what former owners took back count as the new owner's: an administrator does not give it back.

    See docs/protocol.md P18.
    """
    cids = [one.cid for one in contents]
    Content.objects.filter(cid__in=cids, revoked_by__in=losing).update(revoked_by=new_owner)
    ContentRevocation.objects.filter(content__in=cids, revoked_by__in=losing).update(revoked_by=new_owner)


def _events(row: HandOver, contents: Sequence[Content]) -> list[dict[str, Any]]:
    """Return one event for each document, which names it as it was until now: with its former owner."""
    actor = Actor.from_json(row.asked_by)
    templates = {one.template_id for one in contents if one.template_id is not None}
    versions = dict(ProtectionTemplate.objects.filter(id__in=templates).values_list("id", "current"))
    details = {
        "basis": Basis.OWNER.value if row.by_owner else ADMINISTRATOR,
        "hand_over": str(row.id),
        **({} if row.answered_by is None else {"approved_by": str(row.answered_by)}),
        **({"reason": row.reason} if row.reason else {}),
    }
    events = []
    for one in contents:
        version = None if one.template_id is None else versions.get(one.template_id)
        kept = named_facts(one.template_id, version, one.label_id)
        events.append(
            event_parameters(
                event_id=uuid4(),
                kind=Kind.CONTENT_HANDED_OVER.value,
                outcome=Outcome.DONE.value,
                content_id=one.cid,
                source=actor.source,
                personal=personal_of(actor, one, recipient=row.new_address),
                details={**details, **({"document": kept} if kept else {})},
            )
        )
    return events


def _answer(actor: Actor, hand_over: UUID, state: HandOverState, kind: Kind, reason: str = "") -> HandOverFacts:
    row = HandOver.objects.select_for_update().filter(id=hand_over).first()
    if row is None:
        raise NotFound(message("There is no such hand-over, or you may not see it."))
    if row.state != HandOverState.WAITING:
        said = answered_words(row.state, row.answered_address)
        raise AlreadyAnswered(said)
    row.state, row.answered_by, row.answered_address, row.answered_at = state, actor.person, actor.address, Now()
    row.ended_at = Now() if state == HandOverState.DECLINED else None
    row.save(update_fields=["state", "answered_by", "answered_address", "answered_at", "ended_at"])
    _record(kind, actor, row, {"reason": reason[:500]} if reason else {})
    row.refresh_from_db()
    return facts_of(row)


def _record(
    kind: Kind,
    actor: Actor,
    row: HandOver,
    details: Mapping[str, Any],
    *,
    outcome: Outcome = Outcome.DONE,
    reason: str = "",
) -> None:
    own = {"reason": row.reason} if row.reason and kind is Kind.HAND_OVER_ASKED else {}
    record_action(
        kind,
        actor,
        outcome=outcome,
        reason=reason,
        recipient=row.new_address,
        owner=row.former_address,
        details={"hand_over": str(row.id), "documents": row.total, **own, **details},
    )

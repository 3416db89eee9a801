"""Super-user grants from the request to the end; each step is an event (docs/protocol.md P21).

Ending a grant is an entry of the feed, so that clients forget what was licensed under it, and what is being decided at
that moment is decided again.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from chancery.errors import Conflict, InvalidPolicy
from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.models import ApprovalState as State
from protection.models import ServiceSettings, SuperUserGrant, SuperUserOpening
from protection.selectors.scopes import Scope, columns_of
from protection.selectors.super_users import GrantFacts, Opened, documents_opened, facts_of, opened_of
from protection.services.approvals import (
    MOST_CASE,
    MOST_REASON,
    answer,
    answered_words,
    close,
    due,
    locked,
    next_number,
    waiting,
)
from protection.services.feed import invalidate_all_of
from protection.services.recording import record_action

MOST_HOURS: Final = 24
TOLD_AT_ONCE: Final = 500
"""Openings of which one transaction tells owners."""


class GrantAnswered(Conflict):
    """The grant does not wait any more, or is over: the first answer counts."""

    code = "grant_answered"
    remedy = message("Look at the grant to see the answer.")


@transaction.atomic
def ask_grant(
    *, actor: Actor, scope: Scope, hours: int, reason: str, case: str = "", legal_ground: str = ""
) -> GrantFacts:
    """Ask for a grant for oneself, which waits until another person approves it.  Raises InvalidPolicy."""
    if not 1 <= hours <= MOST_HOURS:
        raise InvalidPolicy(message("A super-user grant lasts 1 to {most} hours.", most=MOST_HOURS))
    if not reason:
        raise InvalidPolicy(message("Say why: it is recorded."))
    row = SuperUserGrant.objects.create(
        number=next_number(SuperUserGrant.objects.all()),
        holder=actor.person,
        holder_address=actor.address or actor.name,
        application=actor.application,
        **columns_of(scope),
        reason=reason[:MOST_REASON],
        case_number=case[:MOST_CASE],
        legal_ground=legal_ground[:MOST_REASON],
        hours=hours,
    )
    ground = {"legal_ground": row.legal_ground} if row.legal_ground else {}
    _record(Kind.SUPER_USER_GRANT_ASKED, actor, row, {"scope": scope.as_json(), "hours": hours, **ground, **_why(row)})
    row.refresh_from_db()
    return facts_of(row)


@transaction.atomic
def approve_grant(*, actor: Actor, grant: UUID, by_keys: bool = False) -> GrantFacts:
    """Let a grant begin now; that of an application when a second person approves it.

    The caller has checked that the approver may and is independent of the holder.  Any administrator can act as an
    application, so one of them could approve what they asked for themselves.  With ``by_keys`` it is the second keeper
    of a recovery key who does; what one keeper alone presented before an approval has no part in it.  Raises NotFound
    and GrantAnswered.
    """
    row = _waiting(grant)
    if row.holder == actor.person:
        raise GrantAnswered(message("Nobody approves a grant of their own."))
    if row.application and row.presented_by in (None, actor.person):
        row.presented_by, row.presented_address = actor.person, actor.address
        row.save(update_fields=["presented_by", "presented_address"])
        _record(Kind.SUPER_USER_GRANT_SECONDED, actor, row, _why(row))
        return _facts(row)
    if not (row.application or by_keys):
        row.presented_by, row.presented_address = None, ""
    now = timezone.now()
    notice = ServiceSettings.objects.values_list("notice_days", flat=True).get(id=1)
    row.notice_days = None if row.legal_ground else notice
    row.starts, row.ends = now, now + timedelta(hours=row.hours)
    answer(row, actor, State.ACTIVE, "notice_days", "starts", "ends", "presented_by", "presented_address")
    emergency = {"emergency": True} if by_keys else {}
    until = int(row.ends.timestamp())
    details = {"until": until, "notice_days": row.notice_days, **emergency, **_why(row)}
    _record(Kind.SUPER_USER_GRANT_APPROVED, actor, row, details)
    return _facts(row)


@transaction.atomic
def decline_grant(*, actor: Actor, grant: UUID, reason: str = "") -> GrantFacts:
    """Decline a grant that waits; its holder withdraws it so.  Raises NotFound and GrantAnswered."""
    row = _waiting(grant)
    _turn_down(actor, row, reason)
    return _facts(row)


@transaction.atomic
def end_grant(*, actor: Actor, grant: UUID, reason: str = "") -> GrantFacts:
    """End a grant before its time is over.  Raises NotFound and GrantAnswered."""
    row = _locked(grant)
    if row.state != State.ACTIVE:
        raise GrantAnswered(message("This grant is not active."))
    _end(actor, row, reason)
    return _facts(row)


def stop(actor: Actor, row: SuperUserGrant) -> None:
    """End a grant, or the request for one, of somebody who may no longer have any; the row is locked."""
    if row.state == State.ACTIVE:
        _end(actor, row, "")
    else:
        _turn_down(actor, row, "")


@transaction.atomic
def close_due() -> list[GrantFacts]:
    """End what is over and let lapse what nobody answered; return the grants that ended."""
    ended = []
    for row in due(SuperUserGrant.objects.all()):
        if row.state == State.ACTIVE:
            _end(None, row, "")
            ended.append(_facts(row))
        else:
            close(row, None, State.LAPSED)
            _record(Kind.SUPER_USER_GRANT_LAPSED, None, row, {})
    return ended


def due_to_tell() -> list[Opened]:
    """Take some openings of which owners are to be told off what is due; the caller tells in the same transaction."""
    rows = list(
        SuperUserOpening.objects.select_for_update(skip_locked=True)
        .filter(tell_at__lte=Now())
        .order_by("tell_at")[:TOLD_AT_ONCE]
    )
    SuperUserOpening.objects.filter(event_id__in=[one.event_id for one in rows]).update(tell_at=None)
    return [opened_of(one) for one in rows]


def _turn_down(actor: Actor, row: SuperUserGrant, reason: str) -> None:
    own = row.holder == actor.person
    answer(row, actor, State.WITHDRAWN if own else State.DECLINED)
    kind = Kind.SUPER_USER_GRANT_WITHDRAWN if own else Kind.SUPER_USER_GRANT_DECLINED
    _record(kind, actor, row, {"reason": reason[:MOST_REASON]} if reason else {})


def _end(actor: Actor | None, row: SuperUserGrant, reason: str) -> None:
    close(row, actor, State.ENDED)
    # Also where its time was over: the service's clock and a client's may differ by what a lease forgives.
    invalidate_all_of(row.id)
    opened = documents_opened(row.id)
    given = {"reason": reason[:MOST_REASON]} if reason else {}
    _record(Kind.SUPER_USER_GRANT_ENDED, actor, row, {"documents": opened, **given})


def lock_grant(grant: UUID) -> None:
    """Let nobody else answer the grant until the transaction ends.  Raises NotFound."""
    _locked(grant)


def _locked(grant: UUID) -> SuperUserGrant:
    return locked(
        SuperUserGrant.objects.all(),
        grant,
        missing=message("There is no such super-user grant, or you may not see it."),
    )


def _waiting(grant: UUID) -> SuperUserGrant:
    row = _locked(grant)
    said = answered_words(row.state, row.answered_address)
    return waiting(row, answered=GrantAnswered(said))


def _why(row: SuperUserGrant) -> dict[str, Any]:
    return {"reason": row.reason, **({"case": row.case_number} if row.case_number else {})}


def _record(kind: Kind, actor: Actor | None, row: SuperUserGrant, details: Mapping[str, Any]) -> None:
    known = {"super_user_grant": str(row.id), "grant_number": row.number}
    record_action(kind, actor, recipient=row.holder_address, owner=row.owner_address, details={**known, **details})


def _facts(row: SuperUserGrant) -> GrantFacts:
    row.refresh_from_db()
    return facts_of(row)

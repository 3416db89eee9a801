"""Read permissions from the request to the end; each step is an event (docs/protocol.md P31).

Withdrawing one, or its end, is an entry of the feed, so that applications forget what was licensed by it, and what is
being decided at that moment is decided again.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chancery.errors import Conflict, InvalidPolicy
from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.models import ApprovalState as State
from protection.models import AskedAbout, ReadPermission, ReadPermissionKind
from protection.selectors.read_permissions import PermissionFacts, documents_read, facts_of
from protection.selectors.scopes import Scope, columns_of
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

MOST_DAYS: Final = 365
MOST_PEOPLE: Final = 1_000
"""People whom one permission names; more are meant by a group."""


class PermissionAnswered(Conflict):
    """The permission does not wait any more, or is over: the first answer counts."""

    code = "read_permission_answered"
    remedy = message("Look at the read permission to see the answer. To renew it, ask again.")


@transaction.atomic
def ask_permission(
    *,
    actor: Actor,
    application: UUID,
    name: str,
    kind: ReadPermissionKind,
    scope: Scope,
    days: int,
    reason: str,
    case: str = "",
    people: Sequence[tuple[UUID, str]] = (),
    people_group: UUID | None = None,
    people_group_address: str = "",
) -> PermissionFacts:
    """Ask for a permission of an application, which waits until another person approves it.

    ``people`` are ids and addresses for whom it reads.  Raises InvalidPolicy.
    """
    _check(kind, days=days, reason=reason, people=len(people), names_group=people_group is not None)
    row = ReadPermission.objects.create(
        number=next_number(ReadPermission.objects.all()),
        holder=application,
        holder_address=name,
        kind=kind,
        people=[person for person, _ in people] or None,
        people_addresses=[address for _, address in people],
        people_group=people_group,
        people_group_address=people_group_address,
        **columns_of(scope),
        reason=reason[:MOST_REASON],
        case_number=case[:MOST_CASE],
        days=days,
        asked_by=actor.person,
        asked_address=actor.address,
    )
    group = {"people_group": people_group_address} if people_group_address else {}
    reads_for = {"for_user": True} if kind == ReadPermissionKind.FOR_USER else {}
    details = {"kind": row.kind, **reads_for, "scope": scope.as_json(), "days": days, **group, **_why(row)}
    _record(Kind.READ_PERMISSION_ASKED, actor, row, details)
    return _facts(row)


@transaction.atomic
def approve_permission(*, actor: Actor, permission: UUID) -> PermissionFacts:
    """Let a permission begin now.

    The caller has checked that the approver may and is independent of who asked.  Raises NotFound and
    PermissionAnswered.
    """
    row = _waiting(permission)
    if actor.person in {row.asked_by, row.holder}:
        raise PermissionAnswered(message("Nobody approves what they asked for."))
    row.starts = timezone.now()
    row.ends = row.starts + timedelta(days=row.days)
    answer(row, actor, State.ACTIVE, "starts", "ends")
    _record(Kind.READ_PERMISSION_APPROVED, actor, row, {"until": int(row.ends.timestamp()), **_why(row)})
    return _facts(row)


@transaction.atomic
def decline_permission(*, actor: Actor, permission: UUID, reason: str = "") -> PermissionFacts:
    """Decline a permission that waits.  Raises NotFound and PermissionAnswered."""
    row = _waiting(permission)
    answer(row, actor, State.DECLINED)
    _record(Kind.READ_PERMISSION_DECLINED, actor, row, _given(reason))
    return _facts(row)


@transaction.atomic
def withdraw_permission(*, actor: Actor, permission: UUID, reason: str = "") -> PermissionFacts:
    """Withdraw a permission that is active or waits; nothing is read by it from now on.

    Raises NotFound and PermissionAnswered.
    """
    row = _locked(permission)
    if row.state not in (State.ACTIVE, State.WAITING):
        raise PermissionAnswered(message("This read permission is over already."))
    was_active = row.state == State.ACTIVE
    close(row, actor, State.WITHDRAWN)
    if was_active:
        invalidate_all_of(row.id)
    _record(Kind.READ_PERMISSION_WITHDRAWN, actor, row, {"documents": documents_read(row.id), **_given(reason)})
    return _facts(row)


@transaction.atomic
def close_due_permissions() -> list[PermissionFacts]:
    """End what is over and let lapse what nobody answered; return the permissions that ended."""
    ended = []
    for row in due(ReadPermission.objects.all()):
        if row.state == State.ACTIVE:
            close(row, None, State.ENDED)
            # The service's clock and a client's may differ by what a lease forgives.
            invalidate_all_of(row.id)
            _record(Kind.READ_PERMISSION_ENDED, None, row, {"documents": documents_read(row.id)})
            ended.append(_facts(row))
        else:
            close(row, None, State.LAPSED)
            _record(Kind.READ_PERMISSION_LAPSED, None, row, {})
    return ended


def _check(kind: ReadPermissionKind, *, days: int, reason: str, people: int, names_group: bool) -> None:
    """Raise InvalidPolicy for what no permission can be."""
    if not 1 <= days <= MOST_DAYS:
        raise InvalidPolicy(message("A read permission lasts 1 to {most} days.", most=MOST_DAYS))
    if people > MOST_PEOPLE:
        raise InvalidPolicy(
            message("A read permission names at most {most} people.", most=MOST_PEOPLE),
            remedy=message("Name a group instead."),
        )
    if not reason:
        raise InvalidPolicy(message("Say why: it is recorded."))
    if kind == ReadPermissionKind.ALL and (people or names_group):
        raise InvalidPolicy(
            message("Only a permission to read for people says for whom."),
            remedy=message("Leave the people out, or ask for a permission to read for people."),
        )


@transaction.atomic
def record_query(
    *, actor: Actor, permission: PermissionFacts, person: str, asked: Sequence[UUID], readable: int
) -> None:
    """Record that an application asked which documents a person may read; nothing was opened by it.

    Which documents these were is kept beside the event until alarms have looked at it.
    """
    known = {"read_permission": str(permission.id), "permission_number": permission.number}
    approver = {} if permission.answered_by is None else {"approved_by": str(permission.answered_by)}
    event = record_action(
        Kind.READ_PERMISSION_QUERIED,
        actor,
        recipient=person,
        details={**known, **approver, "reason": permission.reason, "documents": len(asked), "readable": readable},
    )
    AskedAbout.objects.create(event_id=event, contents=list(dict.fromkeys(asked)))


def lock_permission(permission: UUID) -> None:
    """Let nobody else answer the permission until the transaction ends.  Raises NotFound."""
    _locked(permission)


def _locked(permission: UUID) -> ReadPermission:
    missing = message("There is no such read permission, or you may not see it.")
    return locked(ReadPermission.objects.all(), permission, missing=missing)


def _waiting(permission: UUID) -> ReadPermission:
    row = _locked(permission)
    said = answered_words(row.state, row.answered_address)
    return waiting(row, answered=PermissionAnswered(said))


def _given(reason: str) -> dict[str, str]:
    return {"reason": reason[:MOST_REASON]} if reason else {}


def _why(row: ReadPermission) -> dict[str, Any]:
    return {"reason": row.reason, **({"case": row.case_number} if row.case_number else {})}


def _record(kind: Kind, actor: Actor | None, row: ReadPermission, details: Mapping[str, Any]) -> None:
    """Record a step; for whom the permission reads is in the personal record."""
    known = {"read_permission": str(row.id), "permission_number": row.number}
    people = (
        [{"member": "for_people", "after": ", ".join(sorted(row.people_addresses))}] if row.people_addresses else []
    )
    record_action(
        kind,
        actor,
        recipient=row.holder_address,
        owner=row.owner_address,
        changes=people,
        details={**known, **details},
    )


def _facts(row: ReadPermission) -> PermissionFacts:
    row.refresh_from_db()
    return facts_of(row)
